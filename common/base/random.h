// A small deterministic random generator (SplitMix64). Cores are given one; the loop seeds it from
// the kernel, tests and the simulator from a fixed number. Not for secrets. Plain value, not
// thread-safe.
#pragma once

#include <cstdint>

namespace twinzone {

class Random {
  public:
    explicit constexpr Random(std::uint64_t seed) noexcept : state_(seed) {}

    constexpr std::uint64_t next() noexcept {
        std::uint64_t mixed = (state_ += 0x9e3779b97f4a7c15U);
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
        return mixed ^ (mixed >> 31);
    }

    // A number from 0 to bound - 1. Requires: bound > 0.
    constexpr std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }

    // A DNS message ID.
    constexpr std::uint16_t message_id() noexcept { return static_cast<std::uint16_t>(next()); }

  private:
    std::uint64_t state_;
};

}  // namespace twinzone
