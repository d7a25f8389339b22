// Escapes of RFC 1035 §5.1: \X is X, \DDD the octet of that decimal number.
#pragma once

#include <cstdint>
#include <string>

#include "common/text/scanner.h"

namespace twinzone::text {

struct Unescaped {
    std::uint8_t octet;
    const char* next;  // behind the escape; nullptr: a fault was set
};

// Reads the escape whose backslash stands at `at`. `end`: of the token.
[[nodiscard]] Unescaped read_escape(Scanner& scanner, const char* at, const char* end);

// Appends \DDD.
void append_decimal_escape(std::uint8_t octet, std::string& out);

}  // namespace twinzone::text
