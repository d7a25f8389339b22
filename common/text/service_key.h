// Keys of SVCB parameters (IANA "DNS Service Bindings": RFC 9460 §14.3.2, RFC 9461, RFC 9540).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace twinzone::text {

inline constexpr std::uint16_t kMandatoryKey = 0;
inline constexpr std::uint16_t kAlpnKey = 1;
inline constexpr std::uint16_t kNoDefaultAlpnKey = 2;
inline constexpr std::uint16_t kPortKey = 3;
inline constexpr std::uint16_t kIpv4HintKey = 4;
inline constexpr std::uint16_t kEchKey = 5;
inline constexpr std::uint16_t kIpv6HintKey = 6;
inline constexpr std::uint16_t kDohPathKey = 7;
inline constexpr std::uint16_t kOhttpKey = 8;

// A name or key123 (RFC 9460 §2.1), in lower case. key65535 is reserved and no key.
[[nodiscard]] std::optional<std::uint16_t> service_key_from_text(std::string_view text) noexcept;

// Appends the name where all servers know it (RFC 9460), key123 otherwise.
void append_service_key(std::uint16_t key, std::string& out);

}  // namespace twinzone::text
