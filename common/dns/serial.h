// A zone's serial: the SOA field that orders versions of one zone. RFC 1982, RFC 1035 §3.3.13.
#pragma once

#include <cstdint>

namespace twinzone::dns {

// Serials live on a circle of 2^32: two of them 2^31 apart are incomparable and "newer" is not
// transitive. Hence no operator<: a Serial must never be sorted or key an ordered map. Plain value.
class Serial {
  public:
    constexpr Serial() noexcept = default;
    explicit constexpr Serial(std::uint32_t value) noexcept : value_(value) {}

    // Host byte order; for encoding and printing. To order two serials, use compare().
    [[nodiscard]] constexpr std::uint32_t value() const noexcept { return value_; }

    friend constexpr bool operator==(Serial, Serial) noexcept = default;

  private:
    std::uint32_t value_ = 0;
};

enum class SerialOrder : std::uint8_t { equal, newer, older, incomparable };

// How `a` relates to `b` (RFC 1982 §3.2). A secondary that meets `incomparable` treats it by its
// lower-serial policy.
[[nodiscard]] constexpr SerialOrder compare(Serial a, Serial b) noexcept {
    const std::uint32_t ahead = a.value() - b.value();
    if (ahead == 0) {
        return SerialOrder::equal;
    }
    if (ahead == 0x80000000U) {
        return SerialOrder::incomparable;
    }
    return ahead < 0x80000000U ? SerialOrder::newer : SerialOrder::older;
}

// True where `a` is newer than `b`.
[[nodiscard]] constexpr bool is_newer(Serial a, Serial b) noexcept {
    return compare(a, b) == SerialOrder::newer;
}

}  // namespace twinzone::dns
