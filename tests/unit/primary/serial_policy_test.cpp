#include "primary/serial_policy.h"

#include "tests/support/catch.h"

namespace twinzone::primary {

namespace {

using config::SerialPolicy;

constexpr UnixTime kNow{1'795'000'000};  // 2026-11-18T06:26:40Z
constexpr std::uint32_t kUnix = 1'795'000'000;
constexpr std::uint32_t kDate = 2026111800;

}  // namespace

TEST_CASE("each serial policy chooses the next serial", "[primary][serial]") {
    struct Row {
        const char* name = "";
        SerialPolicy policy{};
        std::optional<dns::Serial> current;
        std::uint32_t written = 0;
        std::uint32_t expected = 0;
    };
    const auto at = [](std::uint32_t serial) { return std::optional{dns::Serial{serial}}; };
    const Row rows[] = {
        {"keep: a first load takes what is written", SerialPolicy::keep, {}, 0, 0},
        {"keep: newer", SerialPolicy::keep, at(7), 9, 9},
        {"keep: newer over the wrap", SerialPolicy::keep, at(0xffffffff), 3, 3},
        {"keep: the largest step", SerialPolicy::keep, at(1), 0x80000000, 0x80000000},
        {"increment: a newer one in the file is kept", SerialPolicy::increment, at(7), 9, 9},
        {"increment: else the next number", SerialPolicy::increment, at(7), 7, 8},
        {"increment: also where the file is behind", SerialPolicy::increment, at(7), 1, 8},
        {"increment: over the wrap", SerialPolicy::increment, at(0xffffffff), 5, 5},
        {"increment: the wrap itself", SerialPolicy::increment, at(0xffffffff), 0xffffffff, 0},
        {"unixtime: now", SerialPolicy::unixtime, at(7), 8, kUnix},
        {"unixtime: two in one second", SerialPolicy::unixtime, at(kUnix), 8, kUnix + 1},
        {"date: today", SerialPolicy::date, at(2026111703), 1, kDate},
        {"date: again today", SerialPolicy::date, at(kDate + 4), 1, kDate + 5},
        {"date: a first load", SerialPolicy::date, {}, 1, kDate},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const Result<dns::Serial> serial =
                choose_serial(row.policy, row.current, dns::Serial{row.written}, kNow);
            REQUIRE(serial);
            CHECK(serial->value() == row.expected);
        }
    }
}

TEST_CASE("keep refuses what is not newer and names the way out", "[primary][serial]") {
    struct Row {
        std::uint32_t current;
        std::uint32_t written;
        const char* says;
    };
    const Row rows[] = {
        {7, 7, "set serial-policy: increment"},
        {7, 6, "older than 7"},
        {3, 2, "for example 4"},
        {0, 0x80000000, "over 2147483647"},
    };
    for (const Row& row : rows) {
        const Result<dns::Serial> serial = choose_serial(
            SerialPolicy::keep, dns::Serial{row.current}, dns::Serial{row.written}, kNow);
        REQUIRE_FALSE(serial);
        CHECK(serial.error().code() == Errc::zone_policy);
        CHECK_THAT(serial.error().detail(), Catch::Contains(row.says));
    }
}

}  // namespace twinzone::primary
