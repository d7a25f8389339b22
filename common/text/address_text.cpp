#include "common/text/address_text.h"

#include <array>
#include <cstring>

#include <fmt/format.h>

#include "common/text/char_class.h"

namespace twinzone::text {

namespace {

constexpr std::size_t kGroups = 8;

int hex_digit(char c) noexcept {
    if (is_digit(c)) {
        return c - '0';
    }
    const char small = to_lower(c);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

// The first of the longest runs of two or more zero groups (RFC 5952 §4.2).
struct Run {
    std::size_t first = kGroups;
    std::size_t count = 1;
};

Run longest_zero_run(const std::array<std::uint16_t, kGroups>& groups) noexcept {
    Run best;
    for (std::size_t i = 0; i < kGroups;) {
        std::size_t stop = i;
        while (stop < kGroups && groups[stop] == 0) {
            ++stop;
        }
        if (stop - i > best.count) {
            best = {i, stop - i};
        }
        i = stop + 1;
    }
    return best;
}

// The groups of an IPv6 address as they are read from the left.
struct Groups {
    std::array<std::uint8_t, 16> octets{};
    std::size_t size = 0;      // octets
    std::size_t gap = 16 + 1;  // octets before the "::"; 17: none
    [[nodiscard]] bool has_gap() const noexcept { return gap <= 16; }
};

// One group of up to four hex digits, or the dotted IPv4 address that may stand last. Gives what is
// left, or nothing where the text is wrong.
bool read_group(std::string_view& text, Groups& groups) noexcept {
    unsigned value = 0;
    std::size_t digits = 0;
    while (digits < text.size() && hex_digit(text[digits]) >= 0 && digits < 5) {
        value = value * 16 + static_cast<unsigned>(hex_digit(text[digits]));
        ++digits;
    }
    if (digits < text.size() && text[digits] == '.') {
        if (groups.size + 4 > 16 || !read_ipv4(text, groups.octets.data() + groups.size)) {
            return false;
        }
        groups.size += 4;
        text = {};
        return true;
    }
    if (digits == 0 || digits > 4 || groups.size + 2 > 16) {
        return false;
    }
    store_u16(groups.octets.data() + groups.size, static_cast<std::uint16_t>(value));
    groups.size += 2;
    text.remove_prefix(digits);
    return true;
}

bool read_groups(std::string_view text, Groups& groups) noexcept {
    if (text.substr(0, 2) == "::") {
        groups.gap = 0;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        if (!read_group(text, groups)) {
            return false;
        }
        if (text.empty()) {
            break;
        }
        if (text.substr(0, 2) == "::") {
            if (groups.has_gap()) {
                return false;
            }
            groups.gap = groups.size;
            text.remove_prefix(2);
        } else if (text[0] == ':' && text.size() > 1) {
            text.remove_prefix(1);
        } else {
            return false;
        }
    }
    return groups.has_gap() ? groups.size <= 14 : groups.size == 16;
}

}  // namespace

bool read_ipv4(std::string_view text, std::uint8_t* to) noexcept {
    const char* at = text.data();
    const char* const end = at + text.size();
    for (int part = 0; part < 4; ++part) {
        unsigned value = 0;
        const char* const first = at;
        while (at != end && is_digit(*at) && at - first < 3) {
            value = value * 10 + static_cast<unsigned>(*at++ - '0');
        }
        const bool closed = part < 3 ? at != end && *at == '.' : at == end;
        if (at == first || value > 255 || !closed) {
            return false;
        }
        ++at;
        to[part] = static_cast<std::uint8_t>(value);
    }
    return true;
}

bool read_ipv6(std::string_view text, std::uint8_t* to) noexcept {
    Groups groups;
    if (!read_groups(text, groups)) {
        return false;
    }
    const std::size_t before = groups.has_gap() ? groups.gap : 16;
    const std::size_t after = groups.size - (groups.has_gap() ? before : groups.size);
    std::memset(to, 0, 16);
    std::memcpy(to, groups.octets.data(), before < groups.size ? before : groups.size);
    std::memcpy(to + 16 - after, groups.octets.data() + groups.size - after, after);
    return true;
}

void append_ipv4(ByteView octets, std::string& out) {
    fmt::format_to(std::back_inserter(out), "{}.{}.{}.{}", octets[0], octets[1], octets[2],
                   octets[3]);
}

void append_ipv6(ByteView octets, std::string& out) {
    std::array<std::uint16_t, kGroups> groups{};
    for (std::size_t i = 0; i < kGroups; ++i) {
        groups[i] = load_u16(octets.data() + 2 * i);
    }
    const Run run = longest_zero_run(groups);
    for (std::size_t i = 0; i < kGroups;) {
        if (i == run.first) {
            out += "::";
            i += run.count;
            continue;
        }
        if (i > 0 && i != run.first + run.count) {
            out.push_back(':');
        }
        fmt::format_to(std::back_inserter(out), "{:x}", groups[i]);
        ++i;
    }
}

}  // namespace twinzone::text
