#include "common/shared/statement.h"

#include <charconv>

#include <fmt/format.h>

namespace twinzone::shared {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

Result<std::int64_t> number_at(const Row& row, std::size_t column) {
    std::int64_t number = 0;
    if (column < row.size() && row[column]) {
        const std::string& text = *row[column];
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc{} && end == text.data() + text.size()) {
            return number;
        }
    }
    return fail(Errc::internal, fmt::format("PostgreSQL answered no number in column {}", column));
}

std::string text_at(const Row& row, std::size_t column) {
    return column < row.size() ? row[column].value_or(std::string{}) : std::string{};
}

// One dimension, no NULL, elements of type bytea, from index 1 on.
Parameter page_list(std::span<const Bytes> pages) {
    constexpr std::uint32_t bytea = 17;
    Bytes octets;
    ByteWriter writer{octets};
    writer.u32(pages.empty() ? 0 : 1);
    writer.u32(0);
    writer.u32(bytea);
    if (!pages.empty()) {
        writer.u32(static_cast<std::uint32_t>(pages.size()));
        writer.u32(1);
    }
    for (const Bytes& page : pages) {
        writer.u32(static_cast<std::uint32_t>(page.size()));
        writer.bytes(page);
    }
    return {.value = std::string{as_text(octets)}, .is_page_list = true};
}

std::string to_hex(ByteView octets) {
    std::string text;
    text.reserve(octets.size() * 2);
    for (const std::uint8_t octet : octets) {
        text += kDigits[octet >> 4U];
        text += kDigits[octet & 0xfU];
    }
    return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) {
        return std::nullopt;
    }
    Bytes octets;
    octets.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const std::size_t high = kDigits.find(text[i]);
        const std::size_t low = kDigits.find(text[i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) {
            return std::nullopt;
        }
        octets.push_back(static_cast<std::uint8_t>(high << 4U | low));
    }
    return octets;
}

}  // namespace twinzone::shared
