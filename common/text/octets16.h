// Zone-file text sixteen octets at a time, with SSE2, which every x86-64 has; elsewhere each
// function does nothing, and the loops by octets behind it, which end every text, do it all. All
// may look at kTextPadding octets behind the text they are given.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace twinzone::text {

// So many octets behind a text that is scanned can be read.
inline constexpr std::size_t kTextPadding = 32;

#if defined(__SSE2__)

namespace octets16 {

[[nodiscard]] inline __m128i load(const char* from) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

[[nodiscard]] inline __m128i all(char c) noexcept {
    return _mm_set1_epi8(c);
}

// A bit for each octet that is all ones.
[[nodiscard]] inline std::uint32_t bits(__m128i octets) noexcept {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(octets));
}

// All ones in each octet from `low` to `high`.
[[nodiscard]] inline __m128i within(__m128i octets, char low, char high) noexcept {
    const __m128i above = _mm_sub_epi8(octets, all(low));
    return _mm_cmpeq_epi8(_mm_min_epu8(above, all(static_cast<char>(high - low))), above);
}

[[nodiscard]] inline __m128i where(__m128i mask, char value) noexcept {
    return _mm_and_si128(mask, all(value));
}

// Each pair of octets as one number of 16 bits: the first times 2^shift, and the second.
template <int Shift>
[[nodiscard]] inline __m128i join_pairs(__m128i octets) noexcept {
    const __m128i first = _mm_and_si128(octets, _mm_set1_epi16(0xff));
    return _mm_or_si128(_mm_slli_epi16(first, Shift), _mm_srli_epi16(octets, 8));
}

}  // namespace octets16

// Bits of the octets that may end a word: all that do, and some that do not.
[[nodiscard]] inline std::uint32_t word_end_candidates(const char* at) noexcept {
    using namespace octets16;
    const __m128i octets = load(at);
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(octets, all('"')), octets);
    const __m128i parentheses = _mm_cmpeq_epi8(_mm_or_si128(octets, all(1)), all(')'));
    const __m128i rest =
        _mm_or_si128(_mm_cmpeq_epi8(octets, all(';')), _mm_cmpeq_epi8(octets, all('\\')));
    return bits(_mm_or_si128(_mm_or_si128(low, parentheses), rest));
}

// A bit for each of 32 octets that is the same.
[[nodiscard]] inline std::uint32_t equal_octets_32(const char* at, const char* known) noexcept {
    const __m128i first = _mm_cmpeq_epi8(octets16::load(at), octets16::load(known));
    const __m128i second = _mm_cmpeq_epi8(octets16::load(at + 16), octets16::load(known + 16));
    return octets16::bits(first) | (octets16::bits(second) << 16);
}

// Copies sixteen octets; gives the bits of those that are '.'.
[[nodiscard]] inline std::uint32_t copy_and_find_dots(const char* from, std::uint8_t* to) noexcept {
    const __m128i octets = octets16::load(from);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), octets);
    return octets16::bits(_mm_cmpeq_epi8(octets, octets16::all('.')));
}

// Sixteen characters of base64 to twelve octets; writes thirteen. False if one is none.
[[nodiscard]] inline bool decode_base64_16(const char* from, std::uint8_t* to) noexcept {
    using namespace octets16;
    const __m128i text = load(from);
    const __m128i capital = within(text, 'A', 'Z');
    const __m128i small = within(text, 'a', 'z');
    const __m128i number = within(text, '0', '9');
    const __m128i plus = _mm_cmpeq_epi8(text, all('+'));
    const __m128i slash = _mm_cmpeq_epi8(text, all('/'));
    const __m128i letter = _mm_or_si128(capital, small);
    const __m128i other = _mm_or_si128(number, _mm_or_si128(plus, slash));
    if (bits(_mm_or_si128(letter, other)) != 0xffff) {
        return false;
    }
    const __m128i shift =
        _mm_or_si128(_mm_or_si128(where(capital, -'A'), where(small, 26 - 'a')),
                     _mm_or_si128(where(number, 52 - '0'),
                                  _mm_or_si128(where(plus, 62 - '+'), where(slash, 63 - '/'))));
    const __m128i pairs = join_pairs<6>(_mm_add_epi8(text, shift));
    // 24 bits in each of four numbers, of which the first pair is the higher part.
    const __m128i groups = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));
    alignas(16) std::uint32_t numbers[4];
    _mm_store_si128(reinterpret_cast<__m128i*>(numbers), groups);
    for (const std::uint32_t number_24 : numbers) {
        const std::uint32_t octets = __builtin_bswap32(number_24 << 8);
        std::memcpy(to, &octets, sizeof(octets));
        to += 3;
    }
    return true;
}

// The values of sixteen digits: 0 to 9, then letters up to `last` in either case. False if one is
// none.
[[nodiscard]] inline bool digit_values_16(const char* from, char last, __m128i& values) noexcept {
    using namespace octets16;
    const __m128i small = _mm_or_si128(load(from), all(0x20));
    const __m128i number = within(load(from), '0', '9');
    const __m128i letter = within(small, 'a', last);
    const __m128i shift = _mm_or_si128(where(number, -'0'), where(letter, 10 - 'a'));
    values = _mm_add_epi8(small, shift);
    return bits(_mm_or_si128(number, letter)) == 0xffff;
}

// Sixteen characters of hex to eight octets. False if one is none.
[[nodiscard]] inline bool decode_hex_16(const char* from, std::uint8_t* to) noexcept {
    __m128i values{};
    if (!digit_values_16(from, 'f', values)) {
        return false;
    }
    const __m128i pairs = octets16::join_pairs<4>(values);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(pairs, pairs));
    return true;
}

// Sixteen characters of base32hex to ten octets; writes thirteen. False if one is none.
[[nodiscard]] inline bool decode_base32hex_16(const char* from, std::uint8_t* to) noexcept {
    __m128i values{};
    if (!digit_values_16(from, 'v', values)) {
        return false;
    }
    const __m128i pairs = octets16::join_pairs<5>(values);
    const __m128i groups = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00010400));
    alignas(16) std::uint32_t numbers[4];
    _mm_store_si128(reinterpret_cast<__m128i*>(numbers), groups);
    const auto store_40 = [](std::uint64_t high, std::uint64_t low, std::uint8_t* where) {
        const std::uint64_t octets = __builtin_bswap64(((high << 20) | low) << 24);
        std::memcpy(where, &octets, sizeof(octets));
    };
    store_40(numbers[0], numbers[1], to);
    store_40(numbers[2], numbers[3], to + 5);
    return true;
}

// True if so many octets (16 at most) are decimal digits.
[[nodiscard]] inline bool are_digits(const char* at, std::size_t count) noexcept {
    const std::uint32_t wanted = (1U << count) - 1;
    return (octets16::bits(octets16::within(octets16::load(at), '0', '9')) & wanted) == wanted;
}

#else

[[nodiscard]] inline std::uint32_t equal_octets_32(const char* at, const char* known) noexcept {
    std::uint32_t equal = 0;
    for (std::uint32_t i = 0; i < 32 && at[i] == known[i]; ++i) {
        equal |= 1U << i;
    }
    return equal;
}
[[nodiscard]] inline bool are_digits(const char* at, std::size_t count) noexcept {
    return std::all_of(at, at + count, [](char c) { return c >= '0' && c <= '9'; });
}
[[nodiscard]] inline bool decode_base64_16(const char*, std::uint8_t*) noexcept {
    return false;
}
[[nodiscard]] inline bool decode_hex_16(const char*, std::uint8_t*) noexcept {
    return false;
}
[[nodiscard]] inline bool decode_base32hex_16(const char*, std::uint8_t*) noexcept {
    return false;
}

#endif

}  // namespace twinzone::text
