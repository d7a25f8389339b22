#include "common/observe/line.h"

#include <chrono>
#include <cstddef>
#include <iterator>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "common/base/assert.h"

namespace twinzone::observe {

namespace {

// What one byte at the front of a UTF-8 sequence allows (RFC 3629 §4): the length of the sequence,
// and the range of the second byte, which rules out overlong forms, surrogates and what is beyond
// U+10FFFF. Length 0: no sequence starts so.
struct Utf8Start {
    std::size_t length;
    unsigned char second_min;
    unsigned char second_max;
};

Utf8Start utf8_start(unsigned char first) noexcept {
    if (first < 0x80) {
        return {1, 0, 0};
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return {2, 0x80, 0xbf};
    }
    if (first >= 0xe0 && first <= 0xef) {
        const unsigned char least = first == 0xe0 ? 0xa0 : 0x80;
        const unsigned char most = first == 0xed ? 0x9f : 0xbf;
        return {3, least, most};
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const unsigned char least = first == 0xf0 ? 0x90 : 0x80;
        const unsigned char most = first == 0xf4 ? 0x8f : 0xbf;
        return {4, least, most};
    }
    return {0, 0, 0};
}

// The valid UTF-8 sequence at the front of `text`; empty when there is none. Requires:
// !text.empty().
std::string_view utf8_sequence(std::string_view text) noexcept {
    const Utf8Start start = utf8_start(static_cast<unsigned char>(text[0]));
    if (start.length == 0 || start.length > text.size()) {
        return {};
    }
    for (std::size_t i = 1; i < start.length; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const unsigned char least = i == 1 ? start.second_min : 0x80;
        const unsigned char most = i == 1 ? start.second_max : 0xbf;
        if (byte < least || byte > most) {
            return {};
        }
    }
    return text.substr(0, start.length);
}

bool is_control(char octet) noexcept {
    const auto value = static_cast<unsigned char>(octet);
    return value < 0x20 || value == 0x7f;
}

// Appends `text`; each octet that cannot stand in a line as it is goes through `escape`.
template <class IsSpecial, class Escape>
void append_escaped(std::string& out, std::string_view text, IsSpecial is_special, Escape escape) {
    while (!text.empty()) {
        const std::string_view sequence = utf8_sequence(text);
        if (sequence.empty() || (sequence.size() == 1 && is_special(text[0]))) {
            escape(out, text[0], !sequence.empty());
            text.remove_prefix(1);
        } else {
            out.append(sequence);
            text.remove_prefix(sequence.size());
        }
    }
}

void append_text(std::string& out, std::string_view text) {
    append_escaped(out, text, is_control, [](std::string& to, char octet, bool) {
        fmt::format_to(std::back_inserter(to), "\\x{:02x}", static_cast<unsigned char>(octet));
    });
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    append_escaped(
        out, text, [](char octet) { return is_control(octet) || octet == '"' || octet == '\\'; },
        [](std::string& to, char octet, bool is_utf8) {
            if (!is_utf8) {
                to += "\xef\xbf\xbd";  // U+FFFD
            } else if (is_control(octet)) {
                fmt::format_to(std::back_inserter(to), "\\u{:04x}", static_cast<unsigned>(octet));
            } else {
                to += '\\';
                to += octet;
            }
        });
    out += '"';
}

void append_value(std::string& out, const decltype(Member::value)& value) {
    if (const auto* text = std::get_if<std::string_view>(&value)) {
        append_json_string(out, *text);
    } else if (const auto* number = std::get_if<std::uint64_t>(&value)) {
        out += std::to_string(*number);
    } else {
        fmt::format_to(std::back_inserter(out), "{:.3f}", std::get<double>(value));
    }
}

// "2026-01-02T03:04:05.678Z"
std::string time_text(std::int64_t unix_milliseconds) {
    const std::chrono::sys_time<std::chrono::milliseconds> at{
        std::chrono::milliseconds{unix_milliseconds}};
    const auto whole = std::chrono::floor<std::chrono::seconds>(at);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                       (at - whole).count());
}

std::string json_line(const Event& event) {
    std::string line = fmt::format(R"({{"time":"{}","level":"{}")",
                                   time_text(event.unix_milliseconds), to_string(event.level));
    if (!event.zone.empty()) {
        line += R"(,"zone":)";
        append_json_string(line, event.zone);
    }
    line += R"(,"message":)";
    append_json_string(line, event.text);
    for (const Member& member : event.members) {
        fmt::format_to(std::back_inserter(line), ",\"{}\":", member.name);
        append_value(line, member.value);
    }
    line += '}';
    return line;
}

std::string prefix(LineStyle style, const Event& event) {
    switch (style) {
        case LineStyle::plain: return fmt::format("{}: ", to_string(event.level));
        case LineStyle::timed:
            return fmt::format("{} {}: ", time_text(event.unix_milliseconds),
                               to_string(event.level));
        case LineStyle::journal:
            return fmt::format("<{}>{}: ", syslog_severity(event.level), to_string(event.level));
        case LineStyle::bare: return {};
        case LineStyle::json:
        case LineStyle::journal_json: break;
    }
    TWINZONE_UNREACHABLE();
}

}  // namespace

std::string format_line(LineStyle style, const Event& event) {
    if (style == LineStyle::json) {
        return json_line(event);
    }
    if (style == LineStyle::journal_json) {
        return fmt::format("<{}>{}", syslog_severity(event.level), json_line(event));
    }
    std::string line = prefix(style, event);
    if (!event.zone.empty()) {
        line += '[';
        append_text(line, event.zone);
        line += "] ";
    }
    append_text(line, event.text);
    return line;
}

int syslog_severity(Level level) noexcept {
    switch (level) {
        case Level::debug: return 7;
        case Level::info: return 6;
        case Level::notice: return 5;
        case Level::warning: return 4;
        case Level::error: return 3;
        case Level::critical: return 2;
    }
    TWINZONE_UNREACHABLE();
}

}  // namespace twinzone::observe
