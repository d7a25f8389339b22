#include "common/control/calendar.h"

#include <charconv>

#include <fmt/format.h>

namespace twinzone::control {

namespace {

using Days = std::chrono::sys_days;

// The number in text[at, at + count), or -1.
int number_at(std::string_view text, std::size_t at, std::size_t count) {
    int number = -1;
    const char* from = text.data() + at;
    const auto [stop, error] = std::from_chars(from, from + count, number);
    return error == std::errc{} && stop == from + count ? number : -1;
}

}  // namespace

std::string to_rfc3339(UnixTime time) {
    const std::chrono::sys_seconds moment{seconds{time.value()}};
    const Days day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{moment - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::optional<UnixTime> from_rfc3339(std::string_view text) {
    constexpr std::string_view kForm = "0000-00-00T00:00:00Z";
    if (text.size() != kForm.size()) {
        return std::nullopt;
    }
    const int year = number_at(text, 0, 4);
    const std::chrono::year_month_day date{
        std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(number_at(text, 5, 2))},
        std::chrono::day{static_cast<unsigned>(number_at(text, 8, 2))}};
    if (year < 0 || !date.ok()) {
        return std::nullopt;
    }
    const seconds since_midnight = hours{number_at(text, 11, 2)} + minutes{number_at(text, 14, 2)} +
                                   seconds{number_at(text, 17, 2)};
    const UnixTime time{(Days{date}.time_since_epoch() + since_midnight).count()};
    // Whatever is out of range or not in its place would come out differently.
    return to_rfc3339(time) == text ? std::optional{time} : std::nullopt;
}

std::string span_in_words(seconds span) {
    struct Unit {
        std::int64_t length;
        std::string_view name;
    };
    constexpr Unit kUnits[] = {{86'400, "d"}, {3600, "h"}, {60, "min"}};
    for (const Unit& unit : kUnits) {
        if (span.count() >= 2 * unit.length) {
            return fmt::format("{} {}", span.count() / unit.length, unit.name);
        }
    }
    return fmt::format("{} s", span.count());
}

}  // namespace twinzone::control
