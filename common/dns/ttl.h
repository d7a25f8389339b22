// A record's time to live, in seconds. RFC 2181 §8: 31 bits; a larger value means 0. We keep what
// came in (rule of exact fidelity) and leave the reading to resolvers.
#pragma once

#include <cstdint>

namespace twinzone::dns {

class Ttl {
  public:
    constexpr Ttl() noexcept = default;
    explicit constexpr Ttl(std::uint32_t value) noexcept : seconds_(value) {}

    // Seconds, host byte order.
    [[nodiscard]] constexpr std::uint32_t value() const noexcept { return seconds_; }

    friend constexpr bool operator==(Ttl, Ttl) noexcept = default;

  private:
    std::uint32_t seconds_ = 0;
};

}  // namespace twinzone::dns
