// Files and functions small enough to read at one glance.
#include <algorithm>
#include <string>

#include "tests/tidy/functions.h"
#include "tests/tidy/rules.h"

namespace twinzone::tidy {

namespace {

constexpr std::size_t kMaxFileLines = 500;
constexpr std::size_t kMaxFunctionLines = 70;

bool is_program_text(const Source& source) {
    return source.is_cpp() || source.path.ends_with(".py") || source.path.ends_with(".sh");
}

}  // namespace

Findings check_sizes(const Source& source) {
    Findings findings;
    if (!is_program_text(source)) {
        return findings;
    }
    const auto lines =
        static_cast<std::size_t>(std::count(source.text.begin(), source.text.end(), '\n'));
    if (lines > kMaxFileLines) {
        findings.push_back(
            {"file-length", source.path, 0,
             std::to_string(lines) + " lines, at most " + std::to_string(kMaxFileLines)});
    }
    for (const Function& function : find_functions(source.code)) {
        if (function.lines() > kMaxFunctionLines) {
            findings.push_back({"function-length", source.path, function.first_line,
                                std::to_string(function.lines()) + " lines, at most " +
                                    std::to_string(kMaxFunctionLines) + ": " + function.signature});
        }
    }
    return findings;
}

}  // namespace twinzone::tidy
