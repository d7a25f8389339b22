// The set of types in NSEC, NSEC3 and CSYNC rdata: windows of 256 types, each a bitmap (RFC 4034
// §4.1.2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/base/bytes.h"
#include "common/dns/rr_type.h"

namespace twinzone::text {

// Collects types in any order. Reused from record to record, because most sets need one window of
// 256.
class TypeBitmap {
  public:
    // Octets of the largest wire form: all windows, whole.
    static constexpr std::size_t kMaxBytes = std::size_t{256} * 34;

    void clear() noexcept;
    void add(dns::RrType type) noexcept;

    // Writes the wire form to `to`, which has room for kMaxBytes, and returns its octets.
    [[nodiscard]] std::size_t write(std::uint8_t* to) const noexcept;

  private:
    struct Window {
        std::array<std::uint8_t, 32> bits{};
        std::uint8_t used = 0;  // octets up to the last bit set
    };

    std::array<Window, 256> windows_{};
    std::uint16_t first_ = 256;  // windows in use lie in [first_, last_]
    std::uint16_t last_ = 0;
};

// Appends the mnemonics, each after a space. False, with `out` in an unknown state, where the wire
// form is not what TypeBitmap would have written.
[[nodiscard]] bool append_type_bitmap(ByteView wire, std::string& out);

}  // namespace twinzone::text
