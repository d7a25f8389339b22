#include "common/transfer/token_bucket.h"

#include "tests/support/catch.h"

namespace twinzone::transfer {

namespace {

Instant at(std::int64_t ms) {
    return Instant{milliseconds{ms}};
}

int take_all(TokenBucket& bucket, Instant now) {
    int taken = 0;
    while (taken < 1000 && bucket.take(now)) {
        ++taken;
    }
    return taken;
}

}  // namespace

TEST_CASE("a token bucket gives its burst, then its rate", "[transfer]") {
    TokenBucket bucket{10, 3};
    CHECK(take_all(bucket, at(0)) == 3);
    CHECK(bucket.available_at(at(0)) == at(100));
    CHECK(take_all(bucket, at(99)) == 0);
    CHECK(take_all(bucket, at(100)) == 1);
    CHECK(take_all(bucket, at(250)) == 1);
    CHECK(take_all(bucket, at(10'000)) == 3);  // never more than the burst
}

TEST_CASE("a token bucket without a rate never says no", "[transfer]") {
    TokenBucket bucket{0, 0};
    CHECK(take_all(bucket, at(0)) == 1000);
}

TEST_CASE("tokens can be booked ahead, one interval apart", "[transfer]") {
    TokenBucket bucket{10, 1};
    CHECK(bucket.reserve(at(0)) == at(0));
    CHECK(bucket.reserve(at(0)) == at(100));
    CHECK(bucket.reserve(at(50)) == at(200));
    CHECK_FALSE(bucket.take(at(200)));
    CHECK(bucket.take(at(300)));
}

}  // namespace twinzone::transfer
