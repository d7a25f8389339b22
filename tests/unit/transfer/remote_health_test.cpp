#include "common/transfer/remote_health.h"

#include "tests/support/catch.h"

namespace twinzone::transfer {

namespace {

Instant at(std::int64_t s) {
    return Instant{seconds{s}};
}

RemoteHealth dead_at(Instant now) {
    RemoteHealth health;
    for (unsigned i = 0; i < kFailuresToDeath; ++i) {
        health.handle_failure(now, health.handle_start());
    }
    return health;
}

}  // namespace

TEST_CASE("a remote dies of failures in a row only", "[transfer]") {
    RemoteHealth health;
    for (int i = 0; i < 10; ++i) {
        health.handle_failure(at(0), false);
        health.handle_failure(at(0), false);
        CHECK(health.may_start(at(0)));
        health.handle_answer();
    }
    CHECK(dead_at(at(0)).dead());
}

TEST_CASE("a dead remote is probed once per interval, which doubles to its cap", "[transfer]") {
    RemoteHealth health = dead_at(at(0));
    CHECK_FALSE(health.may_start(at(1)));
    Instant now = health.probe_at();
    CHECK(now == at(2));
    for (const std::int64_t gap : {4, 8, 16, 32, 60, 60}) {
        REQUIRE(health.may_start(now));
        CHECK(health.handle_start());
        CHECK_FALSE(health.may_start(now));  // one at a time
        health.handle_failure(now, false);   // an attempt from before: tells nothing
        health.handle_failure(now, true);
        CHECK(health.probe_at() == now + seconds{gap});
        now = health.probe_at();
    }
    CHECK(health.handle_start());
    health.handle_abandoned(true);
    CHECK(health.may_start(now));
    health.handle_answer();
    CHECK_FALSE(health.dead());
    CHECK(dead_at(at(0)).probe_at() == at(2));
}

}  // namespace twinzone::transfer
