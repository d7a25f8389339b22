#include "common/text/error_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace twinzone::text {

namespace {

constexpr std::size_t kMaxShownOctets = 200;
constexpr std::size_t kShownBeforeCaret = 120;  // of a line that is longer
constexpr std::string_view kEllipsis = "...";

// The line a place in the text lies on, and which line of the text that is.
struct Line {
    std::string_view text;
    std::size_t number = 0;  // counted from 0
    std::size_t column = 0;  // counted from 0
};

Line line_at(std::string_view text, std::size_t at) {
    const std::string_view before = text.substr(0, at);
    const std::size_t last = before.rfind('\n');
    const std::size_t start = last == std::string_view::npos ? 0 : last + 1;
    std::size_t end = std::min(text.find('\n', start), text.size());
    if (end > start && text[end - 1] == '\r' && end - 1 >= at) {
        --end;
    }
    return {text.substr(start, end - start),
            static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')), at - start};
}

char shown(char c) noexcept {
    return c == '\t' ? ' ' : c >= ' ' && c <= '~' ? c : '?';
}

// The line, cut around the column where it is long, and the caret below.
std::string picture(const Line& line) {
    std::size_t from = 0;
    std::string_view head;
    std::string_view tail;
    if (line.text.size() > kMaxShownOctets && line.column > kShownBeforeCaret) {
        from = line.column - kShownBeforeCaret;
        head = kEllipsis;
    }
    std::string_view part = line.text.substr(from);
    if (part.size() > kMaxShownOctets) {
        part = part.substr(0, kMaxShownOctets);
        tail = kEllipsis;
    }
    std::string text;
    std::transform(part.begin(), part.end(), std::back_inserter(text), shown);
    return fmt::format("    {}{}{}\n    {:>{}}", head, text, tail, '^',
                       head.size() + line.column - from + 1);
}

// A forgotten closing parenthesis shows itself lines later only.
std::string parenthesis_note(const Fault& fault, const FaultContext& context, const Line& line) {
    const auto at = static_cast<std::size_t>(fault.opened - context.text.data());
    const Line opened = line_at(context.text, at);
    if (opened.number == line.number) {
        return {};
    }
    return fmt::format("\n  in the parenthesis opened at {}:{}:{}", context.place.file,
                       context.place.line + opened.number, opened.column + 1);
}

}  // namespace

std::string error_text(const Fault& fault, const FaultContext& context) {
    const auto at = static_cast<std::size_t>(fault.at - context.text.data());
    const Line line = line_at(context.text, at);
    std::string reason;
    std::transform(fault.text.begin(), fault.text.end(), std::back_inserter(reason), shown);
    std::string out;
    if (context.generated.empty()) {
        out = fmt::format("{}:{}:{}: error: {}\n{}", context.place.file,
                          context.place.line + line.number, line.column + 1, reason, picture(line));
    } else {
        out = fmt::format("{}:{}:1: error: {}\n{}\n  in the text {}", context.place.file,
                          context.place.line, reason, picture(line), context.generated);
    }
    if (fault.opened != nullptr && context.generated.empty()) {
        out += parenthesis_note(fault, context, line);
    }
    for (const FilePlace& from : context.included_from) {
        out += fmt::format("\n  included from {}:{}", from.file, from.line);
    }
    return out;
}

}  // namespace twinzone::text
