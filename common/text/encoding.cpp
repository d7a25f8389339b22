#include "common/text/encoding.h"

#include <array>

#include "common/text/octets16.h"

namespace twinzone::text {

namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase32Hex = "0123456789abcdefghijklmnopqrstuv";
constexpr std::string_view kHex = "0123456789ABCDEF";

constexpr std::uint8_t kNone = 0xff;

using DigitTable = std::array<std::uint8_t, 256>;

constexpr DigitTable make_digits(std::string_view alphabet, bool any_case) {
    DigitTable digits{};
    digits.fill(kNone);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        const auto c = static_cast<std::uint8_t>(alphabet[i]);
        digits[c] = static_cast<std::uint8_t>(i);
        if (any_case && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
            digits[c ^ 0x20U] = static_cast<std::uint8_t>(i);
        }
    }
    return digits;
}

constexpr DigitTable kBase64Digits = make_digits(kBase64, false);
constexpr DigitTable kBase32HexDigits = make_digits(kBase32Hex, true);
constexpr DigitTable kHexDigits = make_digits(kHex, true);

std::uint8_t digit(const DigitTable& digits, char c) noexcept {
    return digits[static_cast<std::uint8_t>(c)];
}

// Decodes groups of four characters as long as they are all of the alphabet.
struct Groups {
    const char* from;
    std::uint8_t* to;
};

Groups decode_groups(const char* from, const char* end, std::uint8_t* to) noexcept {
    // What it writes too much belongs to the groups behind.
    while (end - from >= 20 && decode_base64_16(from, to)) {
        from += 16;
        to += 12;
    }
    while (end - from >= 4) {
        const std::uint8_t a = digit(kBase64Digits, from[0]);
        const std::uint8_t b = digit(kBase64Digits, from[1]);
        const std::uint8_t c = digit(kBase64Digits, from[2]);
        const std::uint8_t d = digit(kBase64Digits, from[3]);
        if (((a | b | c | d) & 0x80U) != 0) {
            break;
        }
        const std::uint32_t bits =
            (std::uint32_t{a} << 18) | (std::uint32_t{b} << 12) | (std::uint32_t{c} << 6) | d;
        to[0] = static_cast<std::uint8_t>(bits >> 16);
        to[1] = static_cast<std::uint8_t>(bits >> 8);
        to[2] = static_cast<std::uint8_t>(bits);
        from += 4;
        to += 3;
    }
    return {from, to};
}

}  // namespace

Decoded Base64Decoder::decode(std::string_view part, std::uint8_t* to) noexcept {
    std::uint8_t* const start = to;
    const char* from = part.data();
    const char* const end = from + part.size();
    while (from != end) {
        if (held_ == 0 && !closed_) {
            const Groups groups = decode_groups(from, end, to);
            from = groups.from;
            to = groups.to;
            if (from == end) {
                break;
            }
        }
        const std::uint8_t value = digit(kBase64Digits, *from);
        if (closed_ || (*from == '=' ? !pad() : value == kNone || padding_ > 0)) {
            return {0, from};
        }
        ++from;
        if (padding_ > 0) {
            if (closed_ && held_ == 4) {
                // Two characters give one octet, three give two.
                *to++ = static_cast<std::uint8_t>(bits_ >> 16);
                if (padding_ == 1) {
                    *to++ = static_cast<std::uint8_t>(bits_ >> 8);
                }
            }
            continue;
        }
        bits_ |= std::uint32_t{value} << (18 - 6 * held_);
        if (++held_ == 4) {
            *to++ = static_cast<std::uint8_t>(bits_ >> 16);
            *to++ = static_cast<std::uint8_t>(bits_ >> 8);
            *to++ = static_cast<std::uint8_t>(bits_);
            bits_ = 0;
            held_ = 0;
        }
    }
    return {static_cast<std::size_t>(to - start), nullptr};
}

// Takes one '='; false where none may stand or bits would be lost.
bool Base64Decoder::pad() noexcept {
    if (held_ < 2) {
        return false;
    }
    const std::uint32_t lost = held_ == 2 ? 0xffffU : 0xffU;
    if (padding_ == 0 && (bits_ & lost) != 0) {
        return false;
    }
    ++padding_;
    closed_ = ++held_ == 4;
    return true;
}

Decoded HexDecoder::decode(std::string_view part, std::uint8_t* to) noexcept {
    std::uint8_t* const start = to;
    const char* from = part.data();
    const char* const end = from + part.size();
    while (from != end) {
        if (!half_) {
            while (end - from >= 16 && decode_hex_16(from, to)) {
                from += 16;
                to += 8;
            }
            while (end - from >= 2) {
                const std::uint8_t high = digit(kHexDigits, from[0]);
                const std::uint8_t low = digit(kHexDigits, from[1]);
                if (((high | low) & 0x80U) != 0) {
                    break;
                }
                *to++ = static_cast<std::uint8_t>((high << 4) | low);
                from += 2;
            }
            if (from == end) {
                break;
            }
        }
        const std::uint8_t value = digit(kHexDigits, *from);
        if (value == kNone) {
            return {0, from};
        }
        ++from;
        if (half_) {
            *to++ = static_cast<std::uint8_t>((high_ << 4) | value);
        } else {
            high_ = value;
        }
        half_ = !half_;
    }
    return {static_cast<std::size_t>(to - start), nullptr};
}

Decoded decode_base32hex(std::string_view part, std::uint8_t* to) noexcept {
    std::uint8_t* const start = to;
    const char* from = part.data();
    const char* const end = from + part.size();
    // What it writes too much belongs to the characters behind, or, three octets, to the room.
    while (end - from >= 16 && decode_base32hex_16(from, to)) {
        from += 16;
        to += 10;
    }
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (; from != end; ++from) {
        const std::uint8_t value = digit(kBase32HexDigits, *from);
        if (value == kNone) {
            return {0, from};
        }
        bits = (bits << 5) | value;
        held += 5;
        if (held >= 8) {
            held -= 8;
            *to++ = static_cast<std::uint8_t>(bits >> held);
            bits &= (1U << held) - 1;
        }
    }
    // Only 2, 4, 5 and 7 characters over groups of eight make whole octets (RFC 4648 §6).
    if (held >= 5 || bits != 0) {
        return {0, part.data() + part.size() - 1};
    }
    return {static_cast<std::size_t>(to - start), nullptr};
}

void append_base64(ByteView bytes, std::string& out) {
    std::size_t at = 0;
    for (; bytes.size() - at >= 3; at += 3) {
        const std::uint32_t bits =
            (std::uint32_t{bytes[at]} << 16) | (std::uint32_t{bytes[at + 1]} << 8) | bytes[at + 2];
        const char text[4] = {kBase64[bits >> 18], kBase64[(bits >> 12) & 63],
                              kBase64[(bits >> 6) & 63], kBase64[bits & 63]};
        out.append(text, sizeof(text));
    }
    const std::size_t rest = bytes.size() - at;
    if (rest == 0) {
        return;
    }
    const std::uint32_t bits =
        (std::uint32_t{bytes[at]} << 16) | (rest == 2 ? std::uint32_t{bytes[at + 1]} << 8 : 0U);
    const char text[4] = {kBase64[bits >> 18], kBase64[(bits >> 12) & 63],
                          rest == 2 ? kBase64[(bits >> 6) & 63] : '=', '='};
    out.append(text, sizeof(text));
}

void append_hex(ByteView bytes, std::string& out) {
    for (const std::uint8_t octet : bytes) {
        const char text[2] = {kHex[octet >> 4], kHex[octet & 15]};
        out.append(text, sizeof(text));
    }
}

void append_base32hex(ByteView bytes, std::string& out) {
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const std::uint8_t octet : bytes) {
        bits = (bits << 8) | octet;
        held += 8;
        while (held >= 5) {
            held -= 5;
            out.push_back(kBase32Hex[(bits >> held) & 31]);
        }
        bits &= (1U << held) - 1;
    }
    if (held > 0) {
        out.push_back(kBase32Hex[(bits << (5 - held)) & 31]);
    }
}

}  // namespace twinzone::text
