// Names in presentation form (RFC 1035 §5.1): relative ones are completed with the origin, "@" is
// the origin, escapes are \X and \DDD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/dns/name.h"
#include "common/text/scanner.h"

namespace twinzone::text {

// Octets that read_name() may write to, beyond the name itself.
inline constexpr std::size_t kNameBufferBytes = dns::kMaxNameBytes + 17;

// Writes the name's wire form to `to`, which has room for kNameBufferBytes, and returns its octets.
// 0 and a fault in `scanner` where the token is no name. `origin` may not overlap `to`.
[[nodiscard]] std::size_t read_name(Scanner& scanner, const Token& token, dns::NameView origin,
                                    std::uint8_t* to);

// Appends the name with its closing dot.
void append_name(dns::NameView name, std::string& out);

}  // namespace twinzone::text
