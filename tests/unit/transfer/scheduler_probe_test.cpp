// A primary that fell silent is asked again also where another always answers.

#include "common/transfer/scheduler.h"
#include "tests/support/catch.h"

namespace twinzone::transfer {

namespace {

constexpr std::uint32_t kZones = 10;
constexpr std::uint32_t kLost = 0;

Instant at(std::int64_t s) {
    return Instant{seconds{s}};
}

struct Fixture {
    explicit Fixture(const std::vector<std::uint32_t>& primaries) {
        for (std::uint32_t zone = 0; zone < kZones; ++zone) {
            scheduler.set_zone(at(0), zone, primaries);
        }
    }
    // A round for each zone: how often the lost primary was asked.
    std::size_t pass(std::int64_t s, JobOutcome of_the_lost) {
        std::size_t asked = 0;
        for (std::uint32_t zone = 0; zone < kZones; ++zone) {
            scheduler.request(at(s), zone, Lane::refresh);
        }
        while (const std::optional<Job> job = scheduler.poll(at(s))) {
            asked += job->remote == kLost ? 1 : 0;
            static_cast<void>(scheduler.finished(
                at(s), job->zone, job->remote == kLost ? of_the_lost : JobOutcome::current));
            REQUIRE(scheduler.invariants_hold());
        }
        return asked;
    }
    Scheduler scheduler{SchedulerLimits{}};
};

}  // namespace

TEST_CASE("a dead primary is probed also where another always answers", "[transfer]") {
    for (const std::vector<std::uint32_t>& primaries :
         {std::vector<std::uint32_t>{kLost, 1}, std::vector<std::uint32_t>{1, kLost}}) {
        Fixture z{primaries};
        CHECK(z.pass(0, JobOutcome::unreachable) == kFailuresToDeath);
        REQUIRE(z.scheduler.health(kLost).dead());
        std::size_t probes = 0;
        for (int s = 1; s < 60; ++s) {
            probes += z.pass(s, JobOutcome::unreachable);
        }
        CHECK(probes == 4);  // after 2, 6, 14 and 30 s, by one zone each
        static_cast<void>(z.pass(70, JobOutcome::current));
        CHECK_FALSE(z.scheduler.health(kLost).dead());
        CHECK(z.pass(71, JobOutcome::current) == kZones);
    }
}

}  // namespace twinzone::transfer
