// Character-strings (RFC 1035 §5.1): octets with escapes, quoted or not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/base/bytes.h"
#include "common/text/scanner.h"

namespace twinzone::text {

inline constexpr std::size_t kMaxStringBytes = 255;

// Writes the octets of the token, escapes resolved, to `to` and returns their number; a fault in
// `scanner` for a wrong escape or more than `max` octets. Requires: `to` has room for `max`.
[[nodiscard]] std::size_t read_octets(Scanner& scanner, const Token& token, std::size_t max,
                                      std::uint8_t* to);

// Appends the octets in quotes.
void append_quoted(ByteView octets, std::string& out);

}  // namespace twinzone::text
