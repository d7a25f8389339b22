#include "common/transfer/refresher.h"

#include "tests/support/catch.h"
#include "tests/support/records.h"

namespace twinzone::transfer {

namespace {

using test::soa_record;

constexpr RefreshLimits kLimits{};
constexpr std::int64_t kStart = 1'700'000'000;

Now at(std::int64_t s) {
    return {Instant{seconds{s}}, UnixTime{kStart + s}};
}
Instant instant(std::int64_t s) {
    return at(s).instant;
}

// Seed 0: no jitter.
Refresher with_zone(const dns::SoaRecord& soa) {
    Refresher refresher{kLimits, 0, instant(0)};
    refresher.handle_transferred(at(0), soa, std::nullopt);
    return refresher;
}

std::optional<ExpireTold> told(std::optional<seconds> left, std::int64_t asked) {
    return left ? std::optional{ExpireTold{.left = *left, .asked = instant(asked)}} : std::nullopt;
}

dns::SoaRecord timers(std::uint32_t refresh, std::uint32_t retry, std::uint32_t expire) {
    return soa_record(1, seconds{refresh}, seconds{retry}, seconds{expire});
}

}  // namespace

TEST_CASE("a SOA's timers are taken within limits", "[transfer]") {
    struct Row {
        std::uint32_t refresh, retry, expire;
        std::int64_t want_refresh, want_retry, want_expire;
    };
    const Row rows[] = {
        {3600, 600, 604800, 3600, 600, 604800},
        {0, 0, 0, 30, 5, 3600},
        {0, 1, 1, 30, 5, 3600},
        {0xffffffffU, 0xffffffffU, 0xffffffffU, 86400, 7200, 0x7fffffff},
        {0x80000000U, 600, 1, 86400, 600, 87001},
        {7200, 3600, 100, 7200, 3600, 10801},  // expire < refresh
        {7200, 3600, 10801, 7200, 3600, 10801},
    };
    for (const Row& row : rows) {
        const RefreshIntervals got =
            clamp_intervals(timers(row.refresh, row.retry, row.expire), kLimits);
        CHECK(got.refresh.count() == row.want_refresh);
        CHECK(got.retry.count() == row.want_retry);
        CHECK(got.expire.count() == row.want_expire);
        CHECK(got.expire > got.refresh + got.retry);
    }
}

TEST_CASE("a zone goes from fresh to stale to expired and back", "[transfer]") {
    Refresher refresher = with_zone(timers(3600, 600, 86400));
    CHECK(refresher.state(instant(0)) == RefreshState::fresh);
    CHECK(refresher.next_due() == instant(3600));
    CHECK(refresher.lane(instant(0)) == Lane::refresh);
    CHECK(refresher.state(instant(3599)) == RefreshState::fresh);
    CHECK(refresher.state(instant(3600)) == RefreshState::stale);
    CHECK(refresher.state(instant(86399)) == RefreshState::stale);
    CHECK(refresher.state(instant(86400)) == RefreshState::expired);
    CHECK(refresher.expires_at() == instant(86400));

    refresher.handle_current(at(90000), std::nullopt);
    CHECK(refresher.state(instant(90000)) == RefreshState::fresh);
    CHECK(refresher.next_due() == instant(93600));
    CHECK(refresher.expires_at() == instant(176400));
}

TEST_CASE("a failed check backs off and moves no expiry", "[transfer][R31]") {
    Refresher refresher = with_zone(timers(3600, 600, 86400));
    std::int64_t now = 3600;
    for (const std::int64_t delay : {600, 1200, 2400, 3600, 3600}) {  // never less than healthy
        refresher.handle_started(instant(now));
        CHECK(refresher.next_due() == instant(now + delay));  // even if no outcome ever comes
        refresher.handle_failed(instant(now));
        CHECK(refresher.next_due() == instant(now + delay));
        CHECK(refresher.lane(instant(now)) == Lane::retry);
        CHECK(refresher.expires_at() == instant(86400));
        now += delay;
    }
    for (int i = 0; i < 1000; ++i) {
        now += 3600;
        refresher.handle_failed(instant(now));
    }
    CHECK(refresher.next_due() == instant(now + 3600));
    CHECK(refresher.state(instant(86400)) == RefreshState::expired);
    refresher.handle_current(at(now), std::nullopt);
    CHECK(refresher.failures() == 0);
    refresher.handle_failed(instant(now));
    CHECK(refresher.next_due() == instant(now + 600));
}

TEST_CASE("a short RETRY does not become a loop", "[transfer]") {
    Refresher refresher = with_zone(timers(0, 1, 1));
    std::int64_t now = 100;
    for (const std::int64_t delay : {5, 10, 20, 30, 30}) {
        refresher.handle_failed(instant(now));
        CHECK(refresher.next_due() == instant(now + delay));
        now += delay;
    }
}

TEST_CASE("a zone that was never filled is asked for at once, then with back-off", "[transfer]") {
    Refresher refresher{kLimits, 0, instant(0)};
    CHECK(refresher.state(instant(0)) == RefreshState::no_zone);
    CHECK(refresher.next_due() == instant(0));
    CHECK(refresher.lane(instant(0)) == Lane::first_load);
    CHECK_FALSE(refresher.expires_at());
    std::int64_t now = 0;
    for (const std::int64_t delay : {5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 7200}) {
        refresher.handle_failed(instant(now));
        CHECK(refresher.next_due() == instant(now + delay));
        now += delay;
    }
    CHECK(refresher.timers(at(0)).expires == UnixTime{});
}

TEST_CASE("EDNS EXPIRE follows RFC 7314 §4", "[transfer]") {
    struct Row {
        const char* name = "";
        std::int64_t now = 0;
        std::optional<seconds> option;
        bool transferred = false;
        std::int64_t expires = 0;
        std::int64_t asked = now;
    };
    const Row rows[] = {
        // the zone was transferred at 0 with EXPIRE 86400
        {"transfer, option shorter", 1000, seconds{500}, true, 1500},
        {"transfer, option longer than the SOA's", 1000, seconds{999999}, true, 87400},
        {"transfer, no option", 1000, {}, true, 87400},
        {"current, option shorter than what is left", 1000, seconds{500}, false, 86400},
        {"current, option longer", 1000, seconds{86000}, false, 87000},
        {"current, option longer than the SOA's", 1000, seconds{999999}, false, 87400},
        {"current, no option", 1000, {}, false, 87400},
        {"current when expired, primary expired too", 90000, seconds{0}, false, 90000},
        {"current when expired, some is left", 90000, seconds{10}, false, 90010},
        {"current, asked long before the answer", 1000, seconds{86000}, false, 86990, 990},
        {"transfer that took long from who is no source", 5000, seconds{80000}, true, 81000, 1000},
        {"transfer that took long from the source", 5000, seconds{86400}, true, 91400, 1000},
        {"transfer that took longer than was left", 5000, seconds{500}, true, 5000, 1000},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const dns::SoaRecord soa = timers(3600, 600, 86400);
            Refresher refresher = with_zone(soa);
            if (row.transferred) {
                refresher.handle_transferred(at(row.now), soa, told(row.option, row.asked));
            } else {
                refresher.handle_current(at(row.now), told(row.option, row.asked));
            }
            CHECK(std::max(*refresher.expires_at(), instant(row.now)) == instant(row.expires));
        }
    }
}

TEST_CASE("secondaries that only ask each other expire, and notice it before", "[transfer]") {
    const dns::SoaRecord soa = timers(3600, 600, 86400);
    Refresher a{kLimits, 0, instant(0)};
    Refresher b{kLimits, 0, instant(0)};
    a.handle_transferred(at(0), soa, ExpireTold{.left = seconds{86400}, .asked = instant(0)});
    b.handle_transferred(at(1), soa, ExpireTold{.left = seconds{86399}, .asked = instant(1)});
    const auto ask = [](Refresher& who, const Refresher& whom, std::int64_t now) {
        const seconds left = std::chrono::floor<seconds>(*whom.expires_at() - instant(now));
        who.handle_current(at(now + 1), ExpireTold{.left = left, .asked = instant(now)});
    };
    std::optional<std::int64_t> noticed;
    for (std::int64_t now = 3600; now < 86400; now += 3600) {
        ask(a, b, now);
        ask(b, a, now + 1800);
        CHECK(a.state(instant(now + 2000)) == RefreshState::fresh);
        if (!noticed && a.lost_source(soa) && b.lost_source(soa)) {
            noticed = now;
        }
    }
    CHECK(noticed == std::int64_t{8} * 3600);
    CHECK(a.behind_source(soa) == seconds{23 * 3600 + 1});
    CHECK(a.state(instant(86400)) == RefreshState::expired);
    CHECK(b.state(instant(86400)) == RefreshState::expired);
}

TEST_CASE("a source is lost when it is further away than tiers can be", "[transfer]") {
    struct Row {
        const char* name = "";
        std::uint32_t expire = 0;
        std::optional<seconds> option;
        bool lost = false;
    };
    const Row rows[] = {
        {"a primary that says nothing", 86400, {}, false},
        {"the source", 86400, seconds{86400}, false},
        {"a tier below", 86400, seconds{86400 - 3600}, false},
        {"eight tiers below", 86400, seconds{86400 - 8 * 3600}, false},
        {"longer than that", 86400, seconds{86400 - 8 * 3600 - 1}, true},
        {"short EXPIRE: half of it", 20000, seconds{10000}, false},
        {"short EXPIRE: more than half of it is over", 20000, seconds{9999}, true},
        {"EXPIRE below our least: the source", 100, seconds{100}, false},
        {"EXPIRE below our least: half of it is over", 100, seconds{40}, true},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const dns::SoaRecord soa = timers(3600, 600, row.expire);
            Refresher refresher{kLimits, 0, instant(0)};
            CHECK_FALSE(refresher.lost_source(soa));
            refresher.handle_transferred(at(1000), soa, told(row.option, 1000));
            CHECK(refresher.lost_source(soa) == row.lost);
        }
    }
}

TEST_CASE("who asks more often than the SOA says is no nearer to the source", "[transfer]") {
    const dns::SoaRecord soa = timers(3600, 600, 86400);
    RefreshLimits often;
    often.refresh_max = seconds{60};
    Refresher refresher{often, 0, instant(0)};
    refresher.handle_transferred(at(1000), soa, told(seconds{86400 - 2 * 3600}, 1000));
    CHECK_FALSE(refresher.lost_source(soa));
}

TEST_CASE("expiry goes on over a restart", "[transfer]") {
    const dns::SoaRecord soa = timers(3600, 600, 86400);
    const zone::ZoneTimers stored = with_zone(soa).timers(at(0));
    CHECK(stored.last_success == UnixTime{kStart});
    CHECK(stored.expires == UnixTime{kStart + 86400});
    struct Row {
        const char* name;
        std::int64_t away;  // seconds between store and start
        RefreshState state;
        std::int64_t left;
    };
    const Row rows[] = {
        {"short", 100, RefreshState::fresh, 86300},
        {"past refresh", 4000, RefreshState::stale, 82400},
        {"past expire", 90000, RefreshState::expired, 0},
        {"clock set back by a year", -31'536'000, RefreshState::fresh, 86400},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            // The clock of the new run starts anew.
            const Now now{Instant{seconds{5}}, UnixTime{kStart + row.away}};
            Refresher refresher{kLimits, 0, now.instant};
            refresher.handle_loaded(now, soa, stored);
            CHECK(refresher.state(now.instant) == row.state);
            CHECK(*refresher.expires_at() == now.instant + seconds{row.left});
            CHECK(refresher.next_due() <= now.instant + kRestartSpread);
            refresher.handle_failed(now.instant);
            CHECK(*refresher.expires_at() == now.instant + seconds{row.left});
        }
    }
}

TEST_CASE("jitter spreads zones: checks never late, retries never early", "[transfer]") {
    std::int64_t least = 3600;
    std::int64_t most = 0;
    for (std::uint64_t seed = 0; seed < 5000; ++seed) {
        Refresher refresher{kLimits, seed * 0x9e3779b97f4a7c15U, instant(0)};
        refresher.handle_transferred(at(0), timers(3600, 600, 86400), std::nullopt);
        const std::int64_t due =
            std::chrono::duration_cast<seconds>(refresher.next_due().since_start()).count();
        least = std::min(least, due);
        most = std::max(most, due);
        refresher.handle_failed(instant(0));
        CHECK(refresher.next_due() >= instant(600));
        CHECK(refresher.next_due() <= instant(660));
    }
    CHECK(least >= 3240);
    CHECK(least < 3250);
    CHECK(most <= 3600);
    CHECK(most > 3590);
}

TEST_CASE("the back-off grows no faster than it passes", "[transfer]") {
    Refresher refresher = with_zone(timers(3600, 5, 86400));
    for (std::int64_t now = 10; now < 70; ++now) {  // a NOTIFY each second
        refresher.handle_started(instant(now));
        refresher.handle_failed(instant(now));
    }
    // After 10, 15, 25 and 45 s.
    CHECK(refresher.failures() == 4);
    CHECK(refresher.next_due() == instant(69 + 40));
    refresher.handle_started(instant(109));
    refresher.handle_failed(instant(109));
    CHECK(refresher.next_due() == instant(109 + 80));
}

TEST_CASE("a million refreshers are small", "[transfer]") {
    CHECK(sizeof(Refresher) <= 72);
}

TEST_CASE("other limits move the next check, never expiry", "[transfer]") {
    RefreshLimits limits;
    Refresher refresher{limits, 0, instant(0)};
    const dns::SoaRecord soa = timers(3600, 600, 86'400);
    refresher.handle_transferred(at(0), soa, std::nullopt);
    const std::optional<Instant> expires = refresher.expires_at();
    limits.refresh_max = seconds{60};
    refresher.handle_limits(instant(10), &soa);
    CHECK(refresher.next_due() == instant(70));
    CHECK(refresher.expires_at() == expires);
    limits.refresh_max = hours{24};
    refresher.handle_limits(instant(20), &soa);  // no later than was said
    CHECK(refresher.next_due() == instant(70));
}

}  // namespace twinzone::transfer
