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
        const char* name = "";
        dns::SoaRecord file_soa;
        SerialPolicy policy{};
        std::uint8_t file_content = 0;
        std::optional<std::uint32_t> publishes;  // nullopt: nothing to do
    };
    // In service: serial 5, content 1.
    const Row rows[] = {
        {"the same again", soa(5), SerialPolicy::keep, 1, {}},
        {"a new serial alone", soa(6), SerialPolicy::keep, 1, 6},
        {"new content and serial", soa(6), SerialPolicy::keep, 2, 6},
        {"increment: the same again, serial behind", soa(1), SerialPolicy::increment, 1, {}},
        {"increment: new content, serial behind", soa(1), SerialPolicy::increment, 2, 6},
        {"increment: a timer of the SOA changed", soa(5, seconds{60}), SerialPolicy::increment, 1,
         6},
        {"increment: a newer serial by hand", soa(9), SerialPolicy::increment, 1, 9},
        {"unixtime: the same again", soa(1), SerialPolicy::unixtime, 1, {}},
        {"date: new content", soa(1), SerialPolicy::date, 2, 2026111800},
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
