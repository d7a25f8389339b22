// What the writer prints, the reader reads back to the same octets, whatever they are.
#include <array>

#include "common/base/random.h"
#include "common/dns/rdata_layout.h"
#include "common/text/rdata_field.h"
#include "common/text/zone_file_writer.h"
#include "tests/support/catch.h"
#include "tests/unit/text/random_rdata.h"
#include "tests/unit/text/zone_text.h"

using namespace twinzone;

namespace {

dns::Record record_of(dns::RrType type, Bytes rdata, Random& random) {
    dns::Record record;
    record.owner = dns::Name{*dns::NameView::parse(test::random_name(random))};
    record.type = type;
    record.ttl = dns::Ttl{static_cast<std::uint32_t>(random.below(0x80000000U))};
    record.rdata = std::move(rdata);
    return record;
}

// Empty if the record comes back as it was.
std::string difference_after_round_trip(const dns::Record& record) {
    std::string line;
    text::append_record(record.view(), line);
    const test::ZoneText zone = test::read_all(
        text::ZoneFileReader::from_text(line, "z", test::options_with_origin("never.used.")));
    if (zone.records.size() != 1) {
        return line + zone.error;
    }
    const dns::Record& back = zone.records[0];
    const bool same = same_bytes(back.owner.view(), record.owner.view()) &&
                      back.type == record.type && back.ttl == record.ttl &&
                      back.rdata == record.rdata && zone.ended_with_newline;
    return same ? "" : line + test::to_hex(record.rdata) + " became " + test::to_hex(back.rdata);
}

bool prints_natively(const dns::Record& record) {
    std::string text;
    text::append_rdata_text(record.type, record.rdata, text);
    return text.rfind("\\#", 0) != 0;
}

}  // namespace

TEST_CASE("valid rdata of every type with a text form comes back", "[text]") {
    Random random{1};
    for (unsigned number = 1; number <= 65535; ++number) {
        const dns::RrType type{static_cast<std::uint16_t>(number)};
        if (text::rdata_fields(type).empty()) {
            continue;
        }
        for (int i = 0; i < 40; ++i) {
            const dns::Record record = record_of(type, test::random_rdata(type, random), random);
            const std::string difference = difference_after_round_trip(record);
            INFO(difference);
            REQUIRE(difference.empty());
        }
    }
}

TEST_CASE("any octets as rdata of any type come back if the type allows them", "[text][R48]") {
    Random random{2};
    for (unsigned number = 1; number <= 65535; number += number < 300 ? 1 : 97) {
        const dns::RrType type{static_cast<std::uint16_t>(number)};
        if (dns::is_meta(type)) {
            continue;
        }
        for (int i = 0; i < 12; ++i) {
            Bytes rdata = test::random_octets(60, random);
            if (i % 2 == 0 && !text::rdata_fields(type).empty()) {  // nearly valid
                rdata = test::random_rdata(type, random);
                rdata.resize(random.below(rdata.size() + 1));
            }
            const dns::Record record = record_of(type, std::move(rdata), random);
            const std::string difference = difference_after_round_trip(record);
            if (dns::check_rdata(type, record.rdata)) {
                INFO(difference);
                REQUIRE(difference.empty());
            } else {
                CHECK_FALSE(difference.empty());
            }
        }
    }
}

TEST_CASE("the longest rdata comes back", "[text]") {
    Random random{3};
    for (const auto type : {dns::RrType::txt, dns::RrType::dnskey, dns::RrType::uri,
                            dns::RrType::ds, dns::RrType{4711}}) {
        for (const std::size_t size : {65535U, 65534U, 40000U, 20000U}) {
            Bytes rdata;
            while (rdata.size() < size) {  // a string of 255 octets after the other, for TXT
                rdata.push_back(
                    static_cast<std::uint8_t>(std::min<std::size_t>(255, size - rdata.size() - 1)));
                rdata.resize(std::min<std::size_t>(rdata.size() + rdata.back(), size), 0xfe);
            }
            REQUIRE(difference_after_round_trip(record_of(type, rdata, random)).empty());
        }
    }
}

TEST_CASE("common types are printed in their own form", "[text]") {
    Random random{4};
    const std::array natively = {
        dns::RrType::a,     dns::RrType::aaaa,  dns::RrType::ns,    dns::RrType::soa,
        dns::RrType::mx,    dns::RrType::txt,   dns::RrType::srv,   dns::RrType::ds,
        dns::RrType::rrsig, dns::RrType::nsec,  dns::RrType::nsec3, dns::RrType::dnskey,
        dns::RrType::caa,   dns::RrType::https, dns::RrType::tlsa,  dns::RrType::naptr,
    };
    for (const dns::RrType type : natively) {
        CHECK(prints_natively(record_of(type, test::random_rdata(type, random), random)));
    }
}
