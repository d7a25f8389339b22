// Randomness from the kernel.
#pragma once

#include <cstdint>
#include <span>

namespace twinzone::net {

// A seed for Random that no one can guess; waits for the kernel's pool at early boot.
[[nodiscard]] std::uint64_t random_seed() noexcept;

// Fit for secrets. Waits as above. Requires: at most 256 octets.
void fill_random(std::span<std::uint8_t> octets) noexcept;

}  // namespace twinzone::net
