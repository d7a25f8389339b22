#include "common/shared/lease_keeper.h"

#include "tests/support/catch.h"

namespace twinzone::shared {

namespace {

constexpr LeaseTimes kTimes = lease_times(seconds{5});

Instant at(std::int64_t ms) {
    return Instant{milliseconds{ms}};
}

// A keeper with a lease that was asked for at 0 ms.
LeaseKeeper leading() {
    LeaseKeeper keeper{kTimes};
    keeper.handle_asked(at(0));
    CHECK(keeper.handle_answer(at(20), {.is_ours = true, .token = 7}) == LeaseChange::gained);
    return keeper;
}

}  // namespace

TEST_CASE("a lease ends soon enough for another within the time to take over", "[shared]") {
    CHECK(kTimes.length == seconds{3});
    CHECK(kTimes.length + 2 * kTimes.interval <= seconds{5});
}

TEST_CASE("nobody leads before PostgreSQL said so", "[shared]") {
    LeaseKeeper keeper{kTimes};
    CHECK(keeper.wants_to_ask(at(0)));
    CHECK_FALSE(keeper.leads(at(0)));
    keeper.handle_asked(at(0));
    CHECK_FALSE(keeper.wants_to_ask(at(10'000)));
    CHECK(keeper.handle_answer(at(10), {.is_ours = false, .token = 3}) == LeaseChange::none);
    CHECK_FALSE(keeper.leads(at(10)));
    CHECK(keeper.token() == 0);
    CHECK(keeper.wants_to_ask(at(500)));
}

TEST_CASE("a lease is counted from the question and not from its answer", "[shared]") {
    LeaseKeeper keeper = leading();
    CHECK(keeper.leads(at(2'999)));
    CHECK_FALSE(keeper.leads(at(3'000)));
    CHECK(keeper.handle_time(at(2'999)) == LeaseChange::none);
    CHECK(keeper.handle_time(at(3'000)) == LeaseChange::lost);
    CHECK(keeper.token() == 0);
}

TEST_CASE("an answer that comes after the lease it gave is none", "[shared]") {
    LeaseKeeper keeper{kTimes};
    keeper.handle_asked(at(0));
    CHECK(keeper.handle_answer(at(3'000), {.is_ours = true, .token = 7}) == LeaseChange::none);
    CHECK_FALSE(keeper.leads(at(3'000)));
}

TEST_CASE("a lease goes on while it is confirmed", "[shared]") {
    LeaseKeeper keeper = leading();
    for (std::int64_t ms = 500; ms < 20'000; ms += 500) {
        REQUIRE(keeper.handle_time(at(ms)) == LeaseChange::none);
        keeper.handle_asked(at(ms));
        REQUIRE(keeper.handle_answer(at(ms + 30), {.is_ours = true, .token = 7}) ==
                LeaseChange::none);
        REQUIRE(keeper.leads(at(ms + 2'900)));
    }
}

TEST_CASE("another token is another lease, also where it is ours again", "[shared]") {
    LeaseKeeper keeper = leading();
    keeper.handle_asked(at(1'000));
    CHECK(keeper.handle_answer(at(1'010), {.is_ours = true, .token = 9}) == LeaseChange::gained);
    CHECK(keeper.token() == 9);
}

TEST_CASE("a lease that is another's is ours no more at once", "[shared]") {
    LeaseKeeper keeper = leading();
    keeper.handle_asked(at(1'000));
    CHECK(keeper.handle_answer(at(1'010), {.is_ours = false, .token = 8}) == LeaseChange::lost);
    CHECK_FALSE(keeper.leads(at(1'010)));
}

TEST_CASE("without an answer the lease is asked for again and ends in time", "[shared]") {
    LeaseKeeper keeper = leading();
    keeper.handle_asked(at(500));
    CHECK(keeper.next_timeout() == at(3'000));
    keeper.handle_failure();
    CHECK(keeper.next_timeout() == at(1'000));
    CHECK(keeper.wants_to_ask(at(1'000)));
    CHECK(keeper.handle_time(at(3'000)) == LeaseChange::lost);
}

}  // namespace twinzone::shared
