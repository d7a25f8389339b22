#include "common/text/name_text.h"

#include <array>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "common/text/escape.h"

namespace twinzone::text {

namespace {

// A text of so many octets cannot make a name longer than 255: each octet of text gives one at
// most, and the first length octet and the root's come on top.
constexpr std::size_t kSafeTextBytes = dns::kMaxNameBytes - 2;

constexpr std::string_view kWrongLabel = "empty label or one above 63 octets";

[[gnu::cold]] std::size_t fail_name(Scanner& scanner, const char* at, std::string_view what,
                                    const Token& token) {
    scanner.fail(at, fmt::format("{} in the name '{:.80}'", what, token.text()));
    return 0;
}

// One name on its way to wire form.
struct NameWriter {
    std::uint8_t* begin;
    std::uint8_t* label;  // the length octet of the label being written
    std::uint8_t* to;     // where its next octet goes

    [[nodiscard]] std::size_t label_bytes() const noexcept {
        return static_cast<std::size_t>(to - label) - 1;
    }
    [[nodiscard]] std::size_t bytes() const noexcept {
        return static_cast<std::size_t>(to - begin);
    }
    // False if it is empty or too long.
    [[nodiscard]] bool close_label() noexcept {
        const std::size_t count = label_bytes();
        *label = static_cast<std::uint8_t>(count);
        label = to++;
        return count - 1 < dns::kMaxLabelBytes;
    }
};

// Text without escapes, short enough not to need a check of room.
std::size_t read_plain(Scanner& scanner, const Token& token, NameWriter& name) {
#if defined(__SSE2__)
    // The text as it is, behind the first length octet; then each dot becomes the length of the
    // label behind it, once that is known.
    for (std::size_t at = 0; at < token.size(); at += 16) {
        std::uint32_t dots = copy_and_find_dots(token.begin + at, name.begin + 1 + at);
        if (token.size() - at < 16) {
            dots &= (1U << (token.size() - at)) - 1;
        }
        for (; dots != 0; dots &= dots - 1) {
            const std::size_t dot = at + static_cast<std::size_t>(std::countr_zero(dots));
            name.to = name.begin + 1 + dot;
            if (!name.close_label()) [[unlikely]] {
                return fail_name(scanner, token.begin + dot, kWrongLabel, token);
            }
        }
    }
    name.to = name.begin + 1 + token.size();
#else
    for (const char* at = token.begin; at != token.end; ++at) {
        if (*at != '.') {
            *name.to++ = static_cast<std::uint8_t>(*at);
        } else if (!name.close_label()) [[unlikely]] {
            return fail_name(scanner, at, kWrongLabel, token);
        }
    }
#endif
    return name.bytes();
}

std::size_t read_escaped(Scanner& scanner, const Token& token, NameWriter& name) {
    const char* at = token.begin;
    while (at != token.end) {
        if (name.bytes() >= dns::kMaxNameBytes) {
            return fail_name(scanner, at, "more than 255 octets", token);
        }
        if (*at == '.') {
            if (!name.close_label()) {
                return fail_name(scanner, at, kWrongLabel, token);
            }
            ++at;
            continue;
        }
        if (*at != '\\') {
            *name.to++ = static_cast<std::uint8_t>(*at++);
            continue;
        }
        const Unescaped escape = read_escape(scanner, at, token.end);
        if (escape.next == nullptr) {
            return 0;
        }
        *name.to++ = escape.octet;
        at = escape.next;
    }
    return name.bytes();
}

// Ends the name: with the root's label after a closing dot, with the origin otherwise.
std::size_t complete(Scanner& scanner, const Token& token, dns::NameView origin, NameWriter& name) {
    if (name.label_bytes() == 0) {  // a dot stood last
        *name.label = 0;
        return name.bytes();
    }
    if (!name.close_label()) [[unlikely]] {
        return fail_name(scanner, token.begin, "label above 63 octets", token);
    }
    --name.to;  // close_label() made room for another length octet
    if (name.bytes() + origin.size() > dns::kMaxNameBytes) [[unlikely]] {
        return fail_name(scanner, token.begin, "more than 255 octets with the origin", token);
    }
    std::memcpy(name.to, origin.wire().data(), origin.size());
    return name.bytes() + origin.size();
}

enum class NameOctet : std::uint8_t { plain, backslash, decimal };

constexpr std::array<NameOctet, 256> make_name_octets() {
    std::array<NameOctet, 256> octets{};
    for (std::size_t i = 0; i < octets.size(); ++i) {
        octets[i] = i <= ' ' || i > '~' ? NameOctet::decimal : NameOctet::plain;
    }
    for (const char special : {'.', ';', '(', ')', '"', '\\', '@', '$'}) {
        octets[static_cast<std::uint8_t>(special)] = NameOctet::backslash;
    }
    return octets;
}

constexpr std::array<NameOctet, 256> kNameOctets = make_name_octets();

}  // namespace

std::size_t read_name(Scanner& scanner, const Token& token, dns::NameView origin,
                      std::uint8_t* to) {
    if (token.kind != TokenKind::word) [[unlikely]] {
        return token.is_end() ? 0 : fail_name(scanner, token.begin, "quotes", token);
    }
    if (token.size() == 1 && *token.begin == '@') {
        std::memcpy(to, origin.wire().data(), origin.size());
        return origin.size();
    }
    if (token.size() == 1 && *token.begin == '.') {
        *to = 0;
        return 1;
    }
    NameWriter name{to, to, to + 1};
    const bool plain = !token.escaped && token.size() <= kSafeTextBytes;
    const std::size_t read =
        plain ? read_plain(scanner, token, name) : read_escaped(scanner, token, name);
    return read == 0 ? 0 : complete(scanner, token, origin, name);
}

void append_name(dns::NameView name, std::string& out) {
    if (name.is_root()) {
        out.push_back('.');
        return;
    }
    for (dns::NameView rest = name; !rest.is_root(); rest = rest.parent()) {
        for (const std::uint8_t octet : rest.first_label()) {
            switch (kNameOctets[octet]) {
                case NameOctet::backslash: out.push_back('\\'); [[fallthrough]];
                case NameOctet::plain: out.push_back(static_cast<char>(octet)); break;
                case NameOctet::decimal: append_decimal_escape(octet, out); break;
            }
        }
        out.push_back('.');
    }
}

}  // namespace twinzone::text
