#include "common/text/char_string.h"

#include <cstring>

#include <fmt/format.h>

#include "common/text/escape.h"

namespace twinzone::text {

std::size_t read_octets(Scanner& scanner, const Token& token, std::size_t max, std::uint8_t* to) {
    if (!token.escaped && token.size() <= max) [[likely]] {
        std::memcpy(to, token.begin, token.size());
        return token.size();
    }
    std::size_t size = 0;
    for (const char* at = token.begin; at != token.end;) {
        if (size == max) {
            scanner.fail(at, fmt::format("text longer than {} octets", max));
            return 0;
        }
        if (*at != '\\') {
            to[size++] = static_cast<std::uint8_t>(*at++);
            continue;
        }
        const Unescaped escape = read_escape(scanner, at, token.end);
        if (escape.next == nullptr) {
            return 0;
        }
        to[size++] = escape.octet;
        at = escape.next;
    }
    return size;
}

void append_quoted(ByteView octets, std::string& out) {
    out.push_back('"');
    for (const std::uint8_t octet : octets) {
        if (octet < ' ' || octet > '~') {
            append_decimal_escape(octet, out);
            continue;
        }
        if (octet == '"' || octet == '\\') {
            out.push_back('\\');
        }
        out.push_back(static_cast<char>(octet));
    }
    out.push_back('"');
}

}  // namespace twinzone::text
