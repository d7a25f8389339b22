#include "common/base/time.h"

#include "common/base/random.h"
#include "tests/support/catch.h"

namespace twinzone {

TEST_CASE("moments and durations add up", "[base][time]") {
    const Instant start{seconds{5}};
    CHECK(start + milliseconds{1} > start);
    CHECK((start + minutes{1}) - start == seconds{60});
    CHECK(start - seconds{5} == Instant{});
    CHECK(UnixTime{100} + hours{1} == UnixTime{3700});
    CHECK(UnixTime{100} - UnixTime{160} == seconds{-60});
}

TEST_CASE("the same seed gives the same numbers", "[base][random]") {
    Random a{7};
    Random b{7};
    Random other{8};
    bool differs = false;
    for (int i = 0; i < 100; ++i) {
        const std::uint64_t number = a.next();
        CHECK(number == b.next());
        differs = differs || number != other.next();
        CHECK(a.below(3) < 3);
        CHECK(b.below(3) < 3);
    }
    CHECK(differs);
}

}  // namespace twinzone
