#include "common/zone/zonemd.h"

#include <string>

#include <fmt/format.h>

#include "common/text/zone_file_reader.h"
#include "tests/support/catch.h"
#include "tests/unit/zone/fixture.h"

namespace twinzone::zone::test {

namespace {

// RFC 8976 appendix A.1, with a place for its ZONEMD records.
const std::string kTop =
    "example. 86400 IN SOA ns1 admin 2018031900 1800 900 604800 86400\n"
    "example. 86400 IN NS ns1\n"
    "example. 86400 IN NS ns2\n";
const std::string kBottom =
    "ns1 3600 IN A 203.0.113.63\n"
    "ns2 3600 IN AAAA 2001:db8::63\n";
const std::string kDigest =
    "c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e73004"
    "4c";
const std::string kRight = "example. 86400 IN ZONEMD 2018031900 1 1 " + kDigest + "\n";

struct Content {
    dns::SoaRecord soa;
    RecordList records;
};

// What lies outside the zone is left out, as transfers do (appendix A.2).
Content read(text::ZoneFileReader reader, const dns::Name& apex) {
    Content content;
    for (;;) {
        const auto record = reader.next();
        REQUIRE(record);
        if (!*record) {
            content.records.sort_unique();
            return content;
        }
        if ((*record)->type == dns::RrType::soa) {
            content.soa = *dns::SoaRecord::parse(**record);
        } else if ((*record)->owner.is_at_or_below(apex)) {
            content.records.append(**record);
        }
    }
}

Content read(const std::string& zone_text) {
    text::ZoneFileOptions options;
    options.origin = name("example.");
    return read(text::ZoneFileReader::from_text(zone_text, "test.zone", options), options.origin);
}

Content read_file(const std::string& file, const std::string& apex) {
    text::ZoneFileOptions options;
    options.origin = name(apex);
    auto reader = text::ZoneFileReader::open(TWINZONE_TEST_ZONES "/" + file + ".zone", options);
    REQUIRE(reader);
    return read(std::move(*reader), options.origin);
}

ZonemdVerdict verdict(const std::string& zone_text) {
    const Content content = read(zone_text);
    ListStream stream{content.records};
    return *verify_zonemd(stream, content.soa);
}

std::string with(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a zone's ZONEMD is judged as RFC 8976 section 4 says", "[zone][zonemd][R64]") {
    struct Row {
        const char* name;
        std::string zonemd;
        ZonemdVerdict expected;
    };
    const std::string private_hash = with(kRight, " 1 1 ", " 1 240 ");
    const Row rows[] = {
        {"the appendix's zone", kRight, ZonemdVerdict::valid},
        {"no ZONEMD", "", ZonemdVerdict::absent},
        {"another digest", with(kRight, "c680", "c681"), ZonemdVerdict::mismatch},
        {"the right digest of another serial", with(kRight, "2018031900", "2018031901"),
         ZonemdVerdict::mismatch},
        {"a digest of 12 octets", with(kRight, kDigest, kDigest.substr(0, 24)),
         ZonemdVerdict::mismatch},
        {"an unknown hash", private_hash, ZonemdVerdict::unsupported},
        {"an unknown scheme", with(kRight, " 1 1 ", " 240 1 "), ZonemdVerdict::unsupported},
        {"an unknown hash beside a right one", kRight + private_hash, ZonemdVerdict::valid},
        {"two of one scheme and hash", kRight + with(kRight, "c680", "c681"),
         ZonemdVerdict::unsupported},
        {"the apex in capitals", with(kRight, "example.", "EXAMPLE."), ZonemdVerdict::valid},
        {"its own signature does not count",
         kRight + "example. 86400 IN RRSIG ZONEMD 8 1 86400 20300101000000 20200101000000 1 "
                  "example. AAAA\n",
         ZonemdVerdict::valid},
        {"another signature does",
         kRight + "example. 86400 IN RRSIG NS 8 1 86400 20300101000000 20200101000000 1 "
                  "example. AAAA\n",
         ZonemdVerdict::mismatch},
        {"a ZONEMD below the apex counts as any record",
         kRight + with(kRight, "example. ", "sub.example. "), ZonemdVerdict::mismatch},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            CHECK(verdict(fmt::format("{}{}{}", kTop, row.zonemd, kBottom)) == row.expected);
        }
    }
}

TEST_CASE("the zones of RFC 8976 appendix A have the digests that it says", "[zone][zonemd]") {
    struct Row {
        const char* file;
        const char* apex;
    };
    const Row rows[] = {{"simple", "example."},
                        {"complex", "example."},
                        {"multiple", "example."},
                        {"uri.arpa", "uri.arpa."},
                        {"root-servers.net", "root-servers.net."}};
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.file) {
            Content content = read_file(row.file, row.apex);
            ListStream stream{content.records};
            CHECK(*verify_zonemd(stream, content.soa) == ZonemdVerdict::valid);
            content.soa.minimum = 1;
            ListStream again{content.records};
            CHECK(*verify_zonemd(again, content.soa) == ZonemdVerdict::mismatch);
        }
    }
}

TEST_CASE("each digest of appendix A.3 holds on its own", "[zone][zonemd]") {
    const Content content = read_file("multiple", "example.");
    ZonemdDigester digester{content.soa};
    for (std::size_t i = 0; i < content.records.size(); ++i) {
        digester.add(content.records[i]);
    }
    REQUIRE(digester.published().size() == 4);
    CHECK(digester.finish(ZonemdHash::sha384) == digester.published()[0].digest);
    CHECK(digester.finish(ZonemdHash::sha512) == digester.published()[1].digest);
}

TEST_CASE("case in owners and in names of old types does not change the digest", "[zone][zonemd]") {
    CHECK(verdict(with(kTop, "NS ns1", "NS NS1.Example.") + kRight + with(kBottom, "ns2", "NS2")) ==
          ZonemdVerdict::valid);
}

TEST_CASE("the digest is the same in one hash or two", "[zone][zonemd]") {
    const Content content = read(kTop + kBottom);
    ZonemdDigester both{content.soa};
    ZonemdDigester one{content.soa, ZonemdHash::sha512};
    for (std::size_t i = 0; i < content.records.size(); ++i) {
        both.add(content.records[i]);
        one.add(content.records[i]);
    }
    CHECK(both.finish(ZonemdHash::sha512) == one.finish(ZonemdHash::sha512));
    const Bytes digest = both.finish(ZonemdHash::sha384);
    CHECK(digest.size() == 48);
    CHECK(digest[0] == 0xc6);
    CHECK(digest[47] == 0x4c);
}

TEST_CASE("ZONEMD rdata reads back as written", "[zone][zonemd]") {
    const Zonemd zonemd{
        .serial = dns::Serial{7}, .scheme = 1, .hash = 2, .digest = Bytes(64, 0xab)};
    CHECK(*Zonemd::parse(zonemd.rdata()) == zonemd);
    CHECK(Zonemd::parse(Bytes(17, 0)).error().code() == Errc::message_malformed);
}

}  // namespace twinzone::zone::test
