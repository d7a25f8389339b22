#include "common/observe/line_limiter.h"

#include <optional>
#include <string>

#include "tests/support/catch.h"

namespace twinzone::observe {

namespace {
using Dropped = std::optional<std::uint64_t>;

Instant at(std::int64_t ms) {
    return Instant{milliseconds{ms}};
}
}  // namespace

TEST_CASE("a kind passes its burst, then one event per interval, and tells what was dropped",
          "[observe]") {
    LineLimiter limiter{2, seconds{1}};
    CHECK(limiter.admit("bad message", at(0)) == Dropped{0});
    CHECK(limiter.admit("bad message", at(0)) == Dropped{0});
    CHECK(limiter.admit("bad message", at(1)) == std::nullopt);
    CHECK(limiter.admit("bad message", at(999)) == std::nullopt);
    CHECK(limiter.admit("bad message", at(1500)) == Dropped{2});
    // The half second beyond the first whole one counts on.
    CHECK(limiter.admit("bad message", at(1999)) == std::nullopt);
    CHECK(limiter.admit("bad message", at(2000)) == Dropped{1});
}

TEST_CASE("a quiet time refills the burst and no more", "[observe]") {
    LineLimiter limiter{2, seconds{1}};
    CHECK(limiter.admit("x", at(0)));
    CHECK(limiter.admit("x", at(0)));
    CHECK(limiter.admit("x", at(3'600'000)));
    CHECK(limiter.admit("x", at(3'600'000)));
    CHECK_FALSE(limiter.admit("x", at(3'600'000)));
}

TEST_CASE("kinds do not limit each other", "[observe]") {
    LineLimiter limiter{1, seconds{1}};
    CHECK(limiter.admit("a", at(0)));
    CHECK_FALSE(limiter.admit("a", at(0)));
    CHECK(limiter.admit("b", at(0)));
}

TEST_CASE("a clock that steps back neither fails nor refills", "[observe]") {
    LineLimiter limiter{1, seconds{1}};
    CHECK(limiter.admit("a", at(5000)));
    CHECK_FALSE(limiter.admit("a", at(0)));
}

TEST_CASE("kinds without end share one bucket", "[observe]") {
    LineLimiter limiter{1, seconds{1}};
    for (std::size_t i = 0; i < kMaxLineKinds; ++i) {
        REQUIRE(limiter.admit(std::to_string(i), at(0)));
    }
    CHECK(limiter.admit("one more", at(0)));
    CHECK_FALSE(limiter.admit("and another", at(0)));
}

}  // namespace twinzone::observe
