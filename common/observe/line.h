// How one event becomes one line of the log. Pure functions; the time is an input.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "common/observe/level.h"

namespace twinzone::observe {

enum class LineStyle : std::uint8_t {
    plain,    // "info: [example.test.] text"
    timed,    // the same behind the time
    journal,  // the same behind "<6>", the priority of sd-daemon(3)
    bare,     // without the level, which the syslog protocol carries
    json,
    journal_json,  // the same behind "<6>"
};

// A fact of an event, for lines of JSON. `name`: a constant, lower case.
struct Member {
    std::string_view name;
    std::variant<std::string_view, std::uint64_t, double> value;
};

struct Event {
    Level level = Level::info;
    std::string_view zone;  // empty: of the process
    std::string_view text;
    std::int64_t unix_milliseconds = 0;
    std::span<const Member> members{};  // only JSON shows them: they stand in the text, too
};

// Without a line end. Always valid UTF-8 on one line: octets that are not are escaped as \xNN
// (JSON: control characters as \u00NN, other octets replaced by U+FFFD).
[[nodiscard]] std::string format_line(LineStyle style, const Event& event);

// The severity of RFC 5424 §6.2.1, which syslog(3) and the journal count in: 7 debug to 2 critical.
[[nodiscard]] int syslog_severity(Level level) noexcept;

}  // namespace twinzone::observe
