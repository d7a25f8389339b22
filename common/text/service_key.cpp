#include "common/text/service_key.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace twinzone::text {

namespace {

// By number.
constexpr std::array<std::string_view, 9> kNames{
    "mandatory", "alpn",     "no-default-alpn", "port",  "ipv4hint",
    "ech",       "ipv6hint", "dohpath",         "ohttp",
};
constexpr std::uint16_t kFirstOfLaterRfcs = kDohPathKey;
constexpr std::uint16_t kReserved = 65535;
constexpr std::string_view kPrefix = "key";

}  // namespace

std::optional<std::uint16_t> service_key_from_text(std::string_view text) noexcept {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == text) {
            return static_cast<std::uint16_t>(i);
        }
    }
    if (text.size() <= kPrefix.size() || text.substr(0, kPrefix.size()) != kPrefix ||
        (text[kPrefix.size()] == '0' && text.size() > kPrefix.size() + 1)) {
        return std::nullopt;
    }
    std::uint16_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + kPrefix.size(), end, number);
    const bool whole = error == std::errc{} && stop == end && number != kReserved;
    return whole ? std::optional{number} : std::nullopt;
}

void append_service_key(std::uint16_t key, std::string& out) {
    if (key < kFirstOfLaterRfcs) {
        out += kNames[key];
    } else {
        fmt::format_to(std::back_inserter(out), "{}{}", kPrefix, key);
    }
}

}  // namespace twinzone::text
