#include "common/config/diagnostics.h"

#include <algorithm>
#include <cctype>
#include <tuple>

#include <fmt/format.h>

#include "common/base/assert.h"
#include "common/config/loader.h"

namespace twinzone::config {

namespace {

constexpr std::size_t kMaxQuotedBytes = 80;
constexpr std::size_t kMaxLineBytes = 160;    // shown of a source line
constexpr std::size_t kMinSecretBytes = 4;    // shorter texts would hide half of the file
constexpr std::size_t kMinEncodedBytes = 16;  // a base64 run that could be a secret: 12 octets

std::string_view line_of(std::string_view text, std::uint32_t line) {
    for (std::uint32_t at = 1; at < line; ++at) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return {};
        }
        text.remove_prefix(end + 1);
    }
    text = text.substr(0, text.find('\n'));
    return text.ends_with('\r') ? text.substr(0, text.size() - 1) : text;
}

bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_encoded(char c) noexcept {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/' || c == '=';
}

bool looks_random(std::string_view run) {
    const auto has = [run](auto of_class) {
        return std::any_of(run.begin(), run.end(),
                           [&](char c) { return of_class(static_cast<unsigned char>(c)) != 0; });
    };
    const bool mixed = has([](int c) { return std::isupper(c); }) &&
                       has([](int c) { return std::islower(c); }) &&
                       has([](int c) { return std::isdigit(c); });
    // A path is such a run too, but one in which every few letters are a slash.
    const auto slashes = static_cast<std::size_t>(std::count(run.begin(), run.end(), '/'));
    const bool is_path = run.starts_with('/') || slashes > run.size() / 16 + 1;
    return run.size() >= kMinEncodedBytes && (run.ends_with('=') || (mixed && !is_path));
}

// Every run of base64 that could be a secret becomes asterisks.
void hide_encoded(std::string& text) {
    for (auto from = text.begin(); from != text.end();) {
        from = std::find_if(from, text.end(), is_encoded);
        const auto to = std::find_if_not(from, text.end(), is_encoded);
        if (looks_random({from, to})) {
            std::fill(from, to, '*');
        }
        from = to;
    }
}

// Everything behind the first colon, or all of it, becomes asterisks.
void hide_values(std::string& line) {
    const std::size_t colon = line.find(':');
    const auto from =
        colon == std::string::npos ? line.begin() : line.begin() + static_cast<long>(colon) + 1;
    std::replace_if(
        from, line.end(), [](char c) { return c != ' '; }, '*');
}

// The caret stands under the character at `column`: octets that go on a UTF-8 character take no
// room.
std::size_t columns_before(std::string_view line, std::size_t column) {
    const std::string_view before = line.substr(0, column - 1);
    return static_cast<std::size_t>(std::count_if(before.begin(), before.end(), [](char c) {
        return (static_cast<unsigned>(c) & 0xc0U) != 0x80U;
    }));
}

}  // namespace

std::string quoted(std::string_view text) {
    const bool fits = text.size() <= kMaxQuotedBytes;
    return fmt::format("'{}{}'", text.substr(0, kMaxQuotedBytes), fits ? "" : "…");
}

std::uint32_t Diagnostics::add_file(std::string display_name, std::string text) {
    files_.push_back({.name = std::move(display_name), .text = std::move(text)});
    return static_cast<std::uint32_t>(files_.size() - 1);
}

void Diagnostics::error(Mark mark, std::string message) {
    entries_.push_back({mark, std::move(message)});
}

void Diagnostics::hide(std::string_view secret) {
    // A secret may be written over several lines, and lines are what is shown.
    while (!secret.empty()) {
        const std::size_t end = std::min(secret.find_first_of(" \t\r\n"), secret.size());
        if (end >= kMinSecretBytes) {
            secrets_.emplace_back(secret.substr(0, end));
        }
        secret.remove_prefix(std::min(end + 1, secret.size()));
    }
}

std::string Diagnostics::without_secrets(std::string text) const {
    for (const std::string& secret : secrets_) {
        for (std::size_t at = text.find(secret); at != std::string::npos;
             at = text.find(secret, at + secret.size())) {
            std::fill_n(text.begin() + static_cast<long>(at), secret.size(), '*');
        }
    }
    hide_encoded(text);
    return text;
}

std::string Diagnostics::block(const Entry& entry) const {
    const File& file = files_[entry.mark.file];
    std::string message = without_secrets(entry.message);
    std::replace_if(message.begin(), message.end(), is_control, '?');
    if (entry.mark.line == 0) {
        return fmt::format("{}: {}\n", file.name, message);
    }
    std::string line = without_secrets(std::string{line_of(file.text, entry.mark.line)});
    if (!file.trusted) {
        hide_values(line);
    }
    std::replace_if(line.begin(), line.end(), is_control, ' ');
    std::size_t column = std::clamp<std::size_t>(entry.mark.column, 1, line.size() + 1);
    if (line.size() > kMaxLineBytes) {
        const std::size_t from = column > kMaxLineBytes / 2 ? column - kMaxLineBytes / 2 : 0;
        line = line.substr(from, kMaxLineBytes);
        column -= from;
    }
    return fmt::format("{}:{}:{}: {}\n  {}\n  {:>{}}\n", file.name, entry.mark.line,
                       entry.mark.column, message, line, '^', columns_before(line, column) + 1);
}

Error Diagnostics::to_error() const {
    TWINZONE_ASSERT(!empty());
    std::vector<Entry> sorted = entries_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Entry& a, const Entry& b) {
        return std::tie(a.mark.file, a.mark.line, a.mark.column) <
               std::tie(b.mark.file, b.mark.line, b.mark.column);
    });
    std::string detail;
    const std::size_t shown = std::min(sorted.size(), kMaxShownErrors);
    for (std::size_t i = 0; i < shown; ++i) {
        detail += block(sorted[i]);
    }
    if (shown < sorted.size()) {
        detail += fmt::format("{} more are not shown\n", sorted.size() - shown);
    }
    detail += fmt::format("{} error{}", sorted.size(), sorted.size() == 1 ? "" : "s");
    return Error{Errc::config_invalid, std::move(detail)};
}

}  // namespace twinzone::config
