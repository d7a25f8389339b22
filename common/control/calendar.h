// RFC 3339 times in UTC, and spans of time in words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/time.h"

namespace twinzone::control {

// "2026-03-01T12:00:00Z".
[[nodiscard]] std::string to_rfc3339(UnixTime time);

// Exactly that form; nullopt otherwise.
[[nodiscard]] std::optional<UnixTime> from_rfc3339(std::string_view text);

// "12 s", "5 min", "3 h", "2 d": the largest unit that is there at least twice, rounded down.
[[nodiscard]] std::string span_in_words(seconds span);

}  // namespace twinzone::control
