// IPv4 and IPv6 addresses in rdata: their text to octets and back (RFC 1035 §3.4.1, RFC 4291 §2.2,
// RFC 5952), without the allocations and the forgiveness of IpAddress.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/bytes.h"

namespace twinzone::text {

// Four numbers from 0 to 255, three digits each at most. Writes 4 octets; false if it is no
// address.
[[nodiscard]] bool read_ipv4(std::string_view text, std::uint8_t* to) noexcept;

// Writes 16 octets; false if it is no address. No zone index, no brackets.
[[nodiscard]] bool read_ipv6(std::string_view text, std::uint8_t* to) noexcept;

// Requires: 4 or 16 octets.
void append_ipv4(ByteView octets, std::string& out);
void append_ipv6(ByteView octets, std::string& out);

}  // namespace twinzone::text
