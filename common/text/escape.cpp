#include "common/text/escape.h"

#include "common/text/char_class.h"

namespace twinzone::text {

Unescaped read_escape(Scanner& scanner, const char* at, const char* end) {
    const char* first = at + 1;
    if (first == end) {
        scanner.fail(at, "backslash with nothing to escape");
        return {0, nullptr};
    }
    if (!is_digit(*first)) {
        return {static_cast<std::uint8_t>(*first), first + 1};
    }
    if (end - first < 3 || !is_digit(first[1]) || !is_digit(first[2])) {
        scanner.fail(at, "a backslash and a digit want three digits");
        return {0, nullptr};
    }
    const int octet = (first[0] - '0') * 100 + (first[1] - '0') * 10 + (first[2] - '0');
    if (octet > 255) {
        scanner.fail(at, "escape above \\255");
        return {0, nullptr};
    }
    return {static_cast<std::uint8_t>(octet), first + 3};
}

void append_decimal_escape(std::uint8_t octet, std::string& out) {
    const char text[4] = {'\\', static_cast<char>('0' + octet / 100),
                          static_cast<char>('0' + octet / 10 % 10),
                          static_cast<char>('0' + octet % 10)};
    out.append(text, sizeof(text));
}

}  // namespace twinzone::text
