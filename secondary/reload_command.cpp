#include "secondary/reload_command.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/assert.h"

namespace twinzone::secondary {

namespace {

using config::ReloadKind;
using Words = std::vector<std::string>;

// Where Debian has the control programs; the same for root and for others.
constexpr std::array<std::string_view, 6> kPath = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                                   "/usr/bin",        "/sbin",          "/bin"};

// Octets of what a command printed that are worth a reason in status.
constexpr std::size_t kMaxWords = 500;

// A zone may be called "-x": written as an escape, every server knows it and none of their programs
// takes it for an option.
std::string operand_of(const dns::Name& zone) {
    std::string text = zone.to_text();
    if (text.size() > 1) {
        text.pop_back();
    }
    if (text.front() == '-') {
        text.replace(0, 1, "\\045");
    }
    return text;
}

std::string filled(const std::string& word, const std::string& zone, const std::string& file) {
    std::string out;
    for (std::size_t at = 0; at < word.size(); ++at) {
        const char next = word[at] == '%' && at + 1 < word.size() ? word[at + 1] : '\0';
        switch (next) {
            case 's': out += zone; break;
            case 'f': out += file; break;
            case '%': out += '%'; break;
            default: out += word[at]; continue;
        }
        ++at;
    }
    return out;
}

Words added(Words words, const char* usual, std::initializer_list<std::string> more) {
    if (words.empty()) {
        words.emplace_back(usual);
    }
    words.insert(words.end(), more);
    return words;
}

// One line of printable text.
std::string flattened(const std::string& output) {
    std::string text = output.substr(0, kMaxWords);
    std::replace_if(
        text.begin(), text.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    const std::size_t end = text.find_last_not_of(' ');
    text.erase(end == std::string::npos ? 0 : end + 1);
    return text;
}

}  // namespace

Words reload_words(const config::Output& output, const dns::Name& zone) {
    const std::string name = operand_of(zone);
    switch (output.reload) {
        case ReloadKind::none:
        case ReloadKind::coredns: return {};
        case ReloadKind::bind: return added(output.command, "rndc", {"reload", name});
        case ReloadKind::nsd: return added(output.command, "nsd-control", {"reload", name});
        case ReloadKind::knot: return added(output.command, "knotc", {"-b", "zone-reload", name});
        case ReloadKind::pdns:
            return added(output.command, "pdns_control", {"bind-reload-now", name});
        case ReloadKind::command: break;
    }
    Words words;
    for (const std::string& word : output.command) {
        words.push_back(filled(word, name, output.path));
    }
    return words;
}

std::string to_line(const Words& words) {
    return fmt::format("{}", fmt::join(words, " "));
}

net::ChildCommand reload_command(Words words, const config::Output& output) {
    TWINZONE_ASSERT(!words.empty());
    return {.argv = std::move(words),
            .environment = {fmt::format("PATH={}", fmt::join(kPath, ":")), "LC_ALL=C.UTF-8"},
            .time_limit = output.verify_timeout};
}

std::string in_words(const std::string& line, const net::ChildEnd& end) {
    const std::string printed = flattened(end.output);
    return fmt::format("`{}`: {}{}{}", line, net::to_text(end), printed.empty() ? "" : ": ",
                       printed);
}

bool is_runnable(const std::string& program) {
    const auto is_program = [](const std::string& path) {
        struct stat found {};
        return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
               ::access(path.c_str(), X_OK) == 0;
    };
    if (program.find('/') != std::string::npos) {
        return is_program(program);
    }
    return std::any_of(kPath.begin(), kPath.end(), [&](std::string_view folder) {
        return is_program(fmt::format("{}/{}", folder, program));
    });
}

}  // namespace twinzone::secondary
