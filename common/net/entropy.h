// Randomness from the kernel.
#pragma once

#include <cstdint>

namespace twinzone::net {

// A seed for Random that no one can guess; waits for the kernel's pool at early boot.
[[nodiscard]] std::uint64_t random_seed() noexcept;

}  // namespace twinzone::net
