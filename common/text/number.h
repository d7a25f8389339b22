// Numbers of a zone file: decimal, with time units as BIND has them, and the times of RRSIG
// (RFC 4034 §3.2). The fault of a bad one stands at its first octet that is wrong.
#pragma once

#include <cstdint>
#include <string>

#include "common/text/scanner.h"

namespace twinzone::text {

// Decimal, 0 to `max`. 0 and a fault in `scanner` otherwise.
[[nodiscard]] std::uint32_t read_number(Scanner& scanner, const Token& token, std::uint32_t max);

// A TTL or SOA timer in seconds, 0 to `max`: "3600" or parts with the units w d h m s in any case,
// in any order ("1h30m"). `what` names it in the fault.
[[nodiscard]] std::uint32_t read_period(Scanner& scanner, const Token& token, std::uint32_t max,
                                        const char* what);

// YYYYMMDDHHmmSS (UTC, until 2106) or seconds since 1970.
[[nodiscard]] std::uint32_t read_timestamp(Scanner& scanner, const Token& token);

// Appends YYYYMMDDHHmmSS.
void append_timestamp(std::uint32_t seconds, std::string& out);

}  // namespace twinzone::text
