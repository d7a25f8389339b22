#include "common/web/html.h"

#include <array>
#include <optional>

#include <fmt/format.h>

namespace twinzone::web {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool is_continuation(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// Octets of the character that `text` begins with; 0 where it begins with none (RFC 3629 §4).
std::size_t character_size(std::string_view text) noexcept {
    struct Form {
        unsigned mask, lead;
        std::size_t size;
        std::uint32_t least;
    };
    constexpr std::array<Form, 3> forms = {
        {{0xE0U, 0xC0U, 2, 0x80}, {0xF0U, 0xE0U, 3, 0x800}, {0xF8U, 0xF0U, 4, 0x10000}}};
    const auto first = static_cast<unsigned char>(text.front());
    if (first < 0x80) {
        return 1;
    }
    for (const Form& form : forms) {
        if ((first & form.mask) != form.lead || text.size() < form.size) {
            continue;
        }
        std::uint32_t point = first & ~form.mask;
        for (std::size_t i = 1; i < form.size; ++i) {
            if (!is_continuation(text[i])) {
                return 0;
            }
            point = point << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
        }
        const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
        return point >= form.least && point <= 0x10FFFF && !surrogate ? form.size : 0;
    }
    return 0;
}

std::optional<std::string_view> entity(char c) noexcept {
    switch (c) {
        case '&': return "&amp;";
        case '<': return "&lt;";
        case '>': return "&gt;";
        case '"': return "&quot;";
        case '\'': return "&#39;";
        default: break;
    }
    const auto octet = static_cast<unsigned char>(c);
    const bool blank = c == '\n' || c == '\t';
    return (octet < 0x20 && !blank) || octet == 0x7F ? std::optional{kReplacement} : std::nullopt;
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t size = character_size(text);
        if (size == 0) {
            out.append(kReplacement);
            text.remove_prefix(1);
            continue;
        }
        out.append(entity(text.front()).value_or(text.substr(0, size)));
        text.remove_prefix(size);
    }
    return out;
}

std::string percent_encoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out.push_back(c);
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

std::string grouped(std::uint64_t number) {
    std::string digits = fmt::format("{}", number);
    for (std::size_t at = digits.size(); at > 3; at -= 3) {
        digits.insert(at - 3, 1, ',');
    }
    return digits;
}

}  // namespace twinzone::web
