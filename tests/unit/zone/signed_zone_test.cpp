#include "common/zone/signed_zone.h"

#include <algorithm>
#include <functional>
#include <string>

#include "common/text/zone_file_reader.h"
#include "tests/support/catch.h"
#include "tests/unit/zone/fixture.h"

namespace twinzone::zone::test {

namespace {

using dns::RrType;

constexpr UnixTime kThen{1539129600};  // 2018-10-10, when uri.arpa's signatures were valid
const dns::Name kApex = name("uri.arpa.");

struct Content {
    dns::SoaRecord soa;
    std::vector<dns::Record> records;
};

// RFC 8976 appendix A.4 as it was before it got its ZONEMD, which is not signed there.
Content uri_arpa() {
    text::ZoneFileOptions options;
    options.origin = kApex;
    auto reader = text::ZoneFileReader::open(TWINZONE_TEST_ZONES "/uri.arpa.zone", options);
    REQUIRE(reader);
    Content content;
    for (;;) {
        const auto record = reader->next();
        REQUIRE(record);
        if (!*record) {
            return content;
        }
        if ((*record)->type == RrType::soa) {
            content.soa = *dns::SoaRecord::parse(**record);
        } else if ((*record)->type != RrType::zonemd) {
            content.records.emplace_back(**record);
        }
    }
}

Result<DnssecFindings> judge(const Content& content, UnixTime now = kThen) {
    const RecordList list = list_of(content.records);
    SignedZone zone{content.soa, now};
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (Result<void> added = zone.add(list[i]); !added) {
            return fail(std::move(added).error());
        }
    }
    return zone.finish();
}

std::string fault(const Content& content, UnixTime now = kThen) {
    const Result<DnssecFindings> findings = judge(content, now);
    REQUIRE_FALSE(findings);
    CHECK(findings.error().code() == Errc::zone_unverified);
    return findings.error().detail();
}

void remove(Content& content, const char* owner, RrType type) {
    const dns::Name wanted = name(owner);
    REQUIRE(std::erase_if(content.records, [&](const dns::Record& record) {
                return record.owner == wanted && record.type == type;
            }) > 0);
}

dns::Record& find(Content& content, const char* owner, RrType type) {
    const dns::Name wanted = name(owner);
    const auto at = std::find_if(
        content.records.begin(), content.records.end(),
        [&](const dns::Record& record) { return record.owner == wanted && record.type == type; });
    REQUIRE(at != content.records.end());
    return *at;
}

}  // namespace

TEST_CASE("a zone that was really signed is verified by its own keys", "[zone][dnssec]") {
    const Result<DnssecFindings> findings = judge(uri_arpa());
    INFO((findings ? "" : findings.error().detail()));
    REQUIRE(findings);
    CHECK(findings->verdict == DnssecVerdict::verified);
    CHECK(findings->signatures == 14);
    CHECK(findings->first_set == "ftp.uri.arpa. NSEC");
    CHECK(findings->first_end == UnixTime{1540714136});  // 2018-10-28 08:08:56
}

TEST_CASE("a zone without keys and signatures is not signed", "[zone][dnssec]") {
    Content content = uri_arpa();
    std::erase_if(content.records, [](const dns::Record& record) {
        return record.type == RrType::dnskey || record.type == RrType::rrsig ||
               record.type == RrType::nsec;
    });
    CHECK(judge(content)->verdict == DnssecVerdict::not_signed);
    content.records.clear();
    CHECK(judge(content)->verdict == DnssecVerdict::not_signed);
}

TEST_CASE("signatures count between their moments only", "[zone][dnssec]") {
    CHECK(fault(uri_arpa(), UnixTime{1546300800}).find("its signature expired at 2018-10-2") !=
          std::string::npos);
    CHECK(fault(uri_arpa(), UnixTime{1535760000}).find("is not valid before 2018-10-0") !=
          std::string::npos);
}

TEST_CASE("what a signed zone must have, and what must hold", "[zone][dnssec]") {
    struct Row {
        const char* name;
        std::function<void(Content&)> spoil;
        const char* expected;
    };
    const Row rows[] = {
        {"the SOA was changed", [](Content& c) { c.soa.serial = dns::Serial{7}; },
         "uri.arpa. SOA: its signature does not hold"},
        {"an address server was changed",
         [](Content& c) { find(c, "uri.arpa.", RrType::mx).rdata[1] = 11; },
         "uri.arpa. MX: its signature does not hold"},
        {"a record more of a signed set",
         [](Content& c) { c.records.push_back(named("uri.arpa.", RrType::ns, "rogue.test.")); },
         "uri.arpa. NS: its signature does not hold"},
        {"a set without a signature",
         [](Content& c) { c.records.push_back(a("ftp.uri.arpa.", 1)); },
         "ftp.uri.arpa.: its NSEC does not tell the types that are there"},
        {"no signatures at an owner",
         [](Content& c) {
             remove(c, "urn.uri.arpa.", RrType::rrsig);
             find(c, "urn.uri.arpa.", RrType::nsec);
         },
         "urn.uri.arpa.: its NSEC does not tell the types that are there"},
        {"no keys", [](Content& c) { remove(c, "uri.arpa.", RrType::dnskey); },
         "uri.arpa. SOA: it is signed by key 47155, which the zone has not"},
        {"keys, but no signatures at the apex",
         [](Content& c) { remove(c, "uri.arpa.", RrType::rrsig); },
         "uri.arpa. SOA: there is no signature"},
        {"a name that the chain leaves out",
         [](Content& c) { c.records.push_back(a("gopher.uri.arpa.", 1)); },
         "gopher.uri.arpa.: no NSEC, which every name of the zone has"},
        {"a name gone from the chain",
         [](Content& c) {
             std::erase_if(c.records, [](const dns::Record& record) {
                 return record.owner == name("http.uri.arpa.");
             });
         },
         "mailto.uri.arpa.: the NSEC before names http.uri.arpa. as the next"},
        {"the chain's last gone",
         [](Content& c) {
             std::erase_if(c.records, [](const dns::Record& record) {
                 return record.owner == name("urn.uri.arpa.");
             });
         },
         "uri.arpa.: the last NSEC does not lead back to the apex"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            Content content = uri_arpa();
            row.spoil(content);
            CHECK(fault(content) == row.expected);
        }
    }
}

TEST_CASE("algorithms that are not known here make no judgement", "[zone][dnssec]") {
    Content content = uri_arpa();
    for (dns::Record& record : content.records) {
        if (record.type == RrType::dnskey) {
            record.rdata[3] = 253;  // PRIVATEDNS
        }
    }
    CHECK(judge(content)->verdict == DnssecVerdict::unknown);
}

TEST_CASE("owners in other case and order of records make no difference", "[zone][dnssec]") {
    Content content = uri_arpa();
    for (dns::Record& record : content.records) {
        record.owner = name(record.owner == kApex ? "URI.arpa." : record.owner.to_text());
    }
    std::reverse(content.records.begin(), content.records.end());
    CHECK(judge(content));
}

TEST_CASE("rdata that is no RRSIG's, DNSKEY's or NSEC's is no crash", "[zone][dnssec]") {
    for (const RrType type : {RrType::rrsig, RrType::dnskey, RrType::nsec}) {
        for (std::size_t size = 0; size < 40; ++size) {
            Content content = uri_arpa();
            Bytes& rdata = find(content, "uri.arpa.", type).rdata;
            rdata.resize(std::min(size, rdata.size()));
            CHECK_FALSE((Signature::parse(rdata) && size < 19));
            static_cast<void>(judge(content).has_value());
        }
    }
}

}  // namespace twinzone::zone::test
