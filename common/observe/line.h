// How one event becomes one line of the log. Pure functions; the time is an input.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/observe/log.h"

namespace twinzone::observe {

enum class LineStyle : std::uint8_t {
    plain,    // "info: [example.test.] text"
    timed,    // the same behind the time
    journal,  // the same behind "<6>", the priority of sd-daemon(3)
    bare,     // without the level, which the syslog protocol carries
    json,
};

struct Event {
    Level level = Level::info;
    std::string_view zone;  // empty: of the process
    std::string_view text;
    std::int64_t unix_milliseconds = 0;
};

// Without a line end. Always valid UTF-8 on one line: octets that are not are escaped as \xNN
// (JSON: control characters as \u00NN, other octets replaced by U+FFFD).
[[nodiscard]] std::string format_line(LineStyle style, const Event& event);

// The severity of RFC 5424 §6.2.1, which syslog(3) and the journal count in: 7 debug to 2 critical.
[[nodiscard]] int syslog_severity(Level level) noexcept;

}  // namespace twinzone::observe
