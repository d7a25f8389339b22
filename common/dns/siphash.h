// SipHash-2-4 (Aumasson and Bernstein, 2012): a short keyed hash of 64 bits. For cookies.
#pragma once

#include <array>
#include <cstdint>

#include "common/base/bytes.h"

namespace twinzone::dns {

// The key's two halves; the hash as a number, both little-endian on the wire.
[[nodiscard]] std::uint64_t siphash24(const std::array<std::uint64_t, 2>& key,
                                      ByteView message) noexcept;

}  // namespace twinzone::dns
