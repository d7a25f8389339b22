#include "primary/publication.h"

#include "tests/support/catch.h"

namespace twinzone::primary {

namespace {

using config::SerialPolicy;

dns::SoaRecord soa(std::uint32_t serial, seconds refresh = seconds{3600}) {
    dns::SoaRecord out;
    out.owner = *dns::Name::from_text("example.test.");
    out.mname = *dns::Name::from_text("ns1.example.test.");
    out.serial = dns::Serial{serial};
    out.refresh = refresh;
    return out;
}

dns::Record address(std::uint8_t last) {
    dns::Record record;
    record.owner = *dns::Name::from_text("www.example.test.");
    record.type = dns::RrType::a;
    record.rdata = {192, 0, 2, last};
    return record;
}

zone::Version served(const dns::SoaRecord& soa, std::uint8_t last) {
    zone::Version version;
    version.soa = soa;
    version.digest.add(soa.record().view());
    version.digest.add(address(last).view());
    return version;
}

LoadedZone file(const dns::SoaRecord& soa, std::uint8_t last) {
    LoadedZone loaded;
    loaded.soa = soa;
    loaded.content.add(address(last).view());
    return loaded;
}

}  // namespace

TEST_CASE("what a file means for the version in service", "[primary][publication]") {
    struct Row {
        const char* name;
        SerialPolicy policy;
        dns::SoaRecord file_soa;
        std::uint8_t file_content;
        std::optional<std::uint32_t> publishes;  // nullopt: nothing to do
    };
    // In service: serial 5, content 1.
    const Row rows[] = {
        {"the same again", SerialPolicy::keep, soa(5), 1, {}},
        {"a new serial alone", SerialPolicy::keep, soa(6), 1, 6},
        {"new content and serial", SerialPolicy::keep, soa(6), 2, 6},
        {"increment: the same again, serial behind", SerialPolicy::increment, soa(1), 1, {}},
        {"increment: new content, serial behind", SerialPolicy::increment, soa(1), 2, 6},
        {"increment: a timer of the SOA changed", SerialPolicy::increment, soa(5, seconds{60}), 1,
         6},
        {"increment: a newer serial by hand", SerialPolicy::increment, soa(9), 1, 9},
        {"unixtime: the same again", SerialPolicy::unixtime, soa(1), 1, {}},
        {"date: new content", SerialPolicy::date, soa(1), 2, 2026111800},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const auto plan =
                plan_publication(row.policy, served(soa(5), 1),
                                 file(row.file_soa, row.file_content), UnixTime{1'795'000'000});
            REQUIRE(plan);
            REQUIRE(plan->has_value() == row.publishes.has_value());
            if (row.publishes) {
                CHECK((*plan)->serial.value() == *row.publishes);
            }
        }
    }
}

TEST_CASE("changed content under one serial is refused, never silence", "[primary][publication]") {
    CHECK_FALSE(
        plan_publication(SerialPolicy::keep, served(soa(5), 1), file(soa(5), 2), UnixTime{}));
    CHECK_FALSE(plan_publication(SerialPolicy::keep, served(soa(5), 1),
                                 file(soa(5, seconds{60}), 1), UnixTime{}));
    CHECK_FALSE(
        plan_publication(SerialPolicy::keep, served(soa(5), 1), file(soa(4), 1), UnixTime{}));
}

TEST_CASE("a first load is published as it is written", "[primary][publication]") {
    const auto plan =
        plan_publication(SerialPolicy::keep, std::nullopt, file(soa(0), 1), UnixTime{});
    REQUIRE(plan);
    REQUIRE(plan->has_value());
    CHECK((*plan)->serial == dns::Serial{0});
}

}  // namespace twinzone::primary
