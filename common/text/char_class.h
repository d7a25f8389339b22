// Classes of octets in a zone file (RFC 1035 §5.1), by table.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "common/text/octets16.h"

namespace twinzone::text {

enum class CharClass : std::uint8_t {
    plain,  // part of a word
    backslash,
    blank,  // space, tab
    newline,
    carriage_return,
    quote,
    comment,
    open,
    close,
    nul,
};

[[nodiscard]] constexpr std::array<CharClass, 256> make_char_classes() {
    std::array<CharClass, 256> classes{};
    classes[0] = CharClass::nul;
    classes[' '] = classes['\t'] = CharClass::blank;
    classes['\n'] = CharClass::newline;
    classes['\r'] = CharClass::carriage_return;
    classes['"'] = CharClass::quote;
    classes[';'] = CharClass::comment;
    classes['('] = CharClass::open;
    classes[')'] = CharClass::close;
    classes['\\'] = CharClass::backslash;
    return classes;
}

inline constexpr std::array<CharClass, 256> kCharClasses = make_char_classes();

[[nodiscard]] inline CharClass char_class(char c) noexcept {
    return kCharClasses[static_cast<std::uint8_t>(c)];
}

// The first octet from `at` on that is not part of a word. Requires: kTextPadding octets can be
// read behind the text, of which the first ends it.
[[nodiscard]] inline const char* word_end(const char* at) noexcept {
#if defined(__SSE2__)
    for (;; at += 16) {
        for (std::uint32_t ends = word_end_candidates(at); ends != 0; ends &= ends - 1) {
            const char* const end = at + std::countr_zero(ends);
            if (char_class(*end) != CharClass::plain) [[likely]] {
                return end;
            }
        }
    }
#else
    while (char_class(*at) == CharClass::plain) {
        ++at;
    }
    return at;
#endif
}

[[nodiscard]] constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

}  // namespace twinzone::text
