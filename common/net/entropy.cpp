#include "common/net/entropy.h"

#include <array>
#include <bit>
#include <cerrno>
#include <iterator>

#include <sys/random.h>

#include "common/base/assert.h"

namespace twinzone::net {

std::uint64_t random_seed() noexcept {
    std::array<std::uint8_t, sizeof(std::uint64_t)> octets{};
    fill_random(octets);
    return std::bit_cast<std::uint64_t>(octets);
}

void fill_random(std::span<std::uint8_t> octets) noexcept {
    ssize_t got = 0;
    do {
        got = getrandom(octets.data(), octets.size(), 0);
    } while (got < 0 && errno == EINTR);
    TWINZONE_ASSERT(got == std::ssize(octets));  // requests up to 256 octets are never cut
}

}  // namespace twinzone::net
