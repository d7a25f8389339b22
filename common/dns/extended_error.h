// Extended DNS Errors (RFC 8914): why an answer is what it is, in a code and, for people, in words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/dns/edns.h"

namespace twinzone::dns {

// Those that a server of zones and its secondaries have to say (RFC 8914 §4). Others may come in.
enum class ExtendedErrorCode : std::uint16_t {
    other = 0,
    not_ready = 14,
    prohibited = 18,
    not_authoritative = 20,
    not_supported = 21,
    no_reachable_authority = 22,
    network_error = 23,
    expired_content = 24,  // RFC 8914 §4.25: "its most recent zone being too old or having expired"
};

// "Prohibited", or "code 99" where it has no name.
[[nodiscard]] std::string to_text(ExtendedErrorCode code);

// `text`: for people, without a secret; may be empty.
void add_extended_error(Edns& edns, ExtendedErrorCode code, std::string_view text);

// What an answer says of its errors, to follow a RCODE in a sentence: " (Prohibited: no such key)".
// Empty where it says nothing. The peer's words are cut at kMaxExtendedTextBytes and have no
// control octets.
[[nodiscard]] std::string extended_errors_text(const Edns& edns);

inline constexpr std::size_t kMaxExtendedTextBytes = 120;

// A few are told, no more: the peer's answer could hold thousands.
inline constexpr unsigned kMaxExtendedErrors = 3;

}  // namespace twinzone::dns
