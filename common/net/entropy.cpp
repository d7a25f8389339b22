#include "common/net/entropy.h"

#include <cerrno>

#include <sys/random.h>

#include "common/base/assert.h"

namespace twinzone::net {

std::uint64_t random_seed() noexcept {
    std::uint64_t seed = 0;
    ssize_t got = 0;
    do {
        got = getrandom(&seed, sizeof seed, 0);
    } while (got < 0 && errno == EINTR);
    TWINZONE_ASSERT(got == sizeof seed);  // requests up to 256 octets are never cut
    return seed;
}

}  // namespace twinzone::net
