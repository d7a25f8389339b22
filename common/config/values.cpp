#include "common/config/values.h"

#include <charconv>
#include <limits>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "common/config/diagnostics.h"

namespace twinzone::config {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint64_t kMaxDurationSeconds = std::uint64_t{100} * 365 * 86'400;  // a century
constexpr std::uint64_t kMaxValue = std::uint64_t{1} << 62;
constexpr std::uint32_t kMaxPercent = 100'000;

struct Unit {
    char letter;
    std::uint64_t factor;
};

constexpr Unit kDurationUnits[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}};
constexpr Unit kSizeUnits[] = {{'K', std::uint64_t{1} << 10},
                               {'M', std::uint64_t{1} << 20},
                               {'G', std::uint64_t{1} << 30},
                               {'T', std::uint64_t{1} << 40}};
constexpr Unit kCountUnits[] = {{'K', 1000}, {'M', 1'000'000}, {'G', 1'000'000'000}};
constexpr Unit kPercentUnits[] = {{'%', 1}};

// A decimal number and at most one of the units; nullopt for anything else or a value beyond `max`.
std::optional<std::uint64_t> scaled(std::string_view text, std::span<const Unit> units,
                                    std::uint64_t max) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop == text.data() || end - stop > 1) {
        return std::nullopt;
    }
    std::uint64_t factor = stop == end ? 1 : 0;
    for (const Unit& unit : units) {
        if (stop != end && *stop == unit.letter) {
            factor = unit.factor;
        }
    }
    if (factor == 0 || number > max / factor) {
        return std::nullopt;
    }
    return number * factor;
}

int base64_value(char c) noexcept {
    const std::size_t at = kAlphabet.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

Result<seconds> duration_from_text(std::string_view text) {
    const auto value = scaled(text, kDurationUnits, kMaxDurationSeconds);
    if (!value) {
        return fail(Errc::usage,
                    fmt::format("{} is no duration; write 30s, 5m, 2h or 1d", quoted(text)));
    }
    return seconds{static_cast<std::int64_t>(*value)};
}

Result<seconds> nonzero_duration_from_text(std::string_view text) {
    Result<seconds> time = duration_from_text(text);
    return time && time->count() == 0 ? Result<seconds>{fail(Errc::usage, "at least 1s")} : time;
}

Result<std::uint64_t> size_from_text(std::string_view text) {
    const auto value = scaled(text, kSizeUnits, kMaxValue);
    if (!value) {
        return fail(Errc::usage,
                    fmt::format("{} is no size; write octets or 64K, 64M, 2G, 1T", quoted(text)));
    }
    return *value;
}

Result<std::uint64_t> count_from_text(std::string_view text) {
    const auto value = scaled(text, kCountUnits, kMaxValue);
    if (!value) {
        return fail(Errc::usage,
                    fmt::format("{} is no count; write 100, 64K or 100M", quoted(text)));
    }
    return *value;
}

Result<std::uint32_t> percent_from_text(std::string_view text) {
    const auto value = scaled(text, kPercentUnits, kMaxPercent);
    if (!value || !text.ends_with('%')) {
        // Never another number than the one that was written: it may be a guard's.
        const bool lacks_sign =
            scaled(fmt::format("{}%", text), kPercentUnits, kMaxPercent).has_value();
        return fail(Errc::usage, fmt::format("{} is no percentage; write {}%", quoted(text),
                                             lacks_sign ? text : "50"));
    }
    return static_cast<std::uint32_t>(*value);
}

Result<Bytes> base64_from_text(std::string_view text) {
    const auto refused = [] { return fail(Errc::usage, "not base64"); };
    const std::size_t padding = text.ends_with("==") ? 2 : (text.ends_with('=') ? 1 : 0);
    if (text.size() % 4 != 0) {
        return refused();
    }
    Bytes bytes;
    bytes.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text.substr(0, text.size() - padding)) {
        const int value = base64_value(c);
        if (value < 0) {
            return refused();
        }
        bits = (bits << 6) | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes.push_back(static_cast<std::uint8_t>(bits >> count));
        }
    }
    // Bits that are left over are zero in what an encoder writes (§3.5).
    if ((bits & ((1U << count) - 1)) != 0) {
        return refused();
    }
    return bytes;
}

}  // namespace twinzone::config
