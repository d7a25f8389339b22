#include "common/text/number.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "common/text/char_class.h"
#include "common/text/octets16.h"

namespace twinzone::text {

namespace {

// More digits than any number here has, yet no overflow of 64 bits.
constexpr std::size_t kMaxDigits = 18;
constexpr std::size_t kTimestampDigits = 14;
constexpr std::ptrdiff_t kSafeDigits = 12;  // of less than 2^40

[[gnu::cold]] std::uint32_t fail_number(Scanner& scanner, const Token& token, std::uint32_t max) {
    const char* at = std::find_if_not(token.begin, token.end, is_digit);
    scanner.fail(at == token.end ? token.begin : at,
                 fmt::format("'{:.40}' is no number from 0 to {}", token.text(), max));
    return 0;
}

std::uint32_t seconds_of_unit(char unit) noexcept {
    switch (to_lower(unit)) {
        case 's': return 1;
        case 'm': return 60;
        case 'h': return 3600;
        case 'd': return 86400;
        case 'w': return 604800;
        default: return 0;
    }
}

// The decimal number at the front of [at, end), and where it stops.
struct Digits {
    std::uint64_t value;
    const char* stop;
};

Digits read_digits(const char* at, const char* end) noexcept {
    std::uint64_t value = 0;
    const char* const safe = end - at > kSafeDigits ? at + kSafeDigits : end;
    for (; at != safe && is_digit(*at); ++at) {
        value = value * 10 + static_cast<std::uint64_t>(*at - '0');
    }
    for (; at != end && is_digit(*at); ++at) {
        value = std::min<std::uint64_t>(value * 10 + static_cast<std::uint64_t>(*at - '0'),
                                        std::uint64_t{1} << 40);
    }
    return {value, at};
}

// Days from 1970-01-01 to the first of a month (proleptic Gregorian calendar), by counting eras of
// 400 years that begin in March.
std::int64_t days_before(std::int64_t year, unsigned month, unsigned day) noexcept {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = year / 400;
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t month_from_march = (month + 9) % 12;
    const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    const std::int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

unsigned days_in_month(std::int64_t year, unsigned month) noexcept {
    constexpr std::array<unsigned, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap ? 1U : 0U);
}

unsigned two_digits(const char* at) noexcept {
    return static_cast<unsigned>((at[0] - '0') * 10 + (at[1] - '0'));
}

std::uint32_t read_date(Scanner& scanner, const Token& token) {
    const char* at = token.begin;
    const std::int64_t year = std::int64_t{two_digits(at)} * 100 + two_digits(at + 2);
    const unsigned month = two_digits(at + 4);
    const unsigned day = two_digits(at + 6);
    const unsigned hour = two_digits(at + 8);
    const unsigned minute = two_digits(at + 10);
    const unsigned second = two_digits(at + 12);
    const bool valid = month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month) &&
                       hour < 24 && minute < 60 && second < 60;
    const std::int64_t total = valid ? days_before(year, month, day) * 86400 +
                                           std::int64_t{hour} * 3600 + std::int64_t{minute} * 60 +
                                           second
                                     : -1;
    if (total < 0 || total > std::numeric_limits<std::uint32_t>::max()) {
        scanner.fail(token.begin, fmt::format("'{}' is no time from 1970 to 2106", token.text()));
        return 0;
    }
    return static_cast<std::uint32_t>(total);
}

}  // namespace

std::uint32_t read_number(Scanner& scanner, const Token& token, std::uint32_t max) {
    std::uint64_t value = 0;
    const char* at = token.begin;
    for (; at != token.end && is_digit(*at); ++at) {
        value = value * 10 + static_cast<std::uint64_t>(*at - '0');
    }
    if (at != token.end || token.size() == 0 || token.size() > kMaxDigits || value > max)
        [[unlikely]] {
        return fail_number(scanner, token, max);
    }
    return static_cast<std::uint32_t>(value);
}

std::uint32_t read_period(Scanner& scanner, const Token& token, std::uint32_t max,
                          const char* what) {
    const Digits first = read_digits(token.begin, token.end);
    if (first.stop == token.end && first.value <= max && token.size() > 0) [[likely]] {
        return static_cast<std::uint32_t>(first.value);
    }
    std::uint64_t total = first.stop == token.end ? first.value : 0;
    const char* at = first.stop == token.end ? token.end : token.begin;
    while (at != token.end) {
        const Digits part = read_digits(at, token.end);
        const std::uint32_t unit = part.stop == token.end ? 0 : seconds_of_unit(*part.stop);
        if (unit == 0 || part.stop == at) {
            scanner.fail(part.stop,
                         fmt::format("{} '{:.40}' is no number with units", what, token.text()));
            return 0;
        }
        total = std::min<std::uint64_t>(total + part.value * unit, std::uint64_t{1} << 62);
        at = part.stop + 1;
    }
    if (total > max || token.size() == 0) {
        scanner.fail(token.begin,
                     fmt::format("{} '{:.40}' is not from 0 to {}", what, token.text(), max));
        return 0;
    }
    return static_cast<std::uint32_t>(total);
}

std::uint32_t read_timestamp(Scanner& scanner, const Token& token) {
    if (token.size() == kTimestampDigits && are_digits(token.begin, kTimestampDigits)) {
        return read_date(scanner, token);
    }
    return read_number(scanner, token, std::numeric_limits<std::uint32_t>::max());
}

void append_timestamp(std::uint32_t seconds, std::string& out) {
    const std::uint32_t days = seconds / 86400;
    // The inverse of days_before().
    const std::uint32_t shifted = days + 719468;
    const std::uint32_t era = shifted / 146097;
    const std::uint32_t day_of_era = shifted % 146097;
    const std::uint32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::uint32_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::uint32_t month_from_march = (5 * day_of_year + 2) / 153;
    const std::uint32_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    const std::uint32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    const std::uint32_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
    const std::uint32_t rest = seconds % 86400;
    fmt::format_to(std::back_inserter(out), "{:04}{:02}{:02}{:02}{:02}{:02}", year, month, day,
                   rest / 3600, rest / 60 % 60, rest % 60);
}

}  // namespace twinzone::text
