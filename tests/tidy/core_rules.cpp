// Cores are sans-I/O: what they know of the world is handed to them.
#include <algorithm>
#include <array>
#include <regex>
#include <string_view>

#include "tests/tidy/rules.h"

namespace twinzone::tidy {

namespace {

constexpr std::string_view kCoreFolders[] = {"common/dns", "common/zone", "common/text",
                                             "common/transfer"};

// The simulator runs these too; the rest of common/service is their shell.
constexpr std::string_view kCoreFiles[] = {"common/service/publisher.", "common/service/follower.",
                                           "common/shared/history.", "common/shared/lease_keeper.",
                                           "common/shared/statement."};

struct Ban {
    const char* pattern;  // over code without comments and strings
    std::string_view what;
};

constexpr Ban kBans[] = {
    {R"(\b(steady_clock|system_clock|high_resolution_clock|clock_gettime|gettimeofday|std::time)\b)",
     "reads a clock"},
    {R"(\b(random_device|mt19937(_64)?|getrandom|RAND_bytes|arc4random|std::rand|getentropy)\b)",
     "draws randomness"},
    {R"(\b(std::(thread|jthread|async|mutex|shared_mutex|condition_variable)|pthread_\w+)\b)",
     "knows threads"},
    {R"(\b(sleep_for|sleep_until|usleep|nanosleep)\b)", "sleeps"},
    {R"(\b(secure_)?getenv\b)", "reads the environment"},
    {R"(\b(spdlog|std::(cout|cerr|clog)|f?printf|fputs|syslog)\b)", "writes a log"},
    {R"(\bfmt::print\b)", "writes a log"},
    {R"(\bstd::function\b)", "uses std::function: return facts instead of calling back"},
    {R"(\b(sendto|sendmsg|recvfrom|recvmsg|setsockopt|getaddrinfo)\b|[^.\w>]socket\()",
     "uses a socket"},
    {R"(#\s*include\s*<(thread|mutex|condition_variable|random|iostream|poll\.h|sys/socket\.h)>)",
     "includes what no core needs"},
};

bool is_core(const Source& source) {
    const auto below = [&](std::string_view folder) { return source.is_below(folder); };
    const auto named = [&](std::string_view file) { return source.path.starts_with(file); };
    return source.is_cpp() &&
           (std::any_of(std::begin(kCoreFolders), std::end(kCoreFolders), below) ||
            std::any_of(std::begin(kCoreFiles), std::end(kCoreFiles), named));
}

}  // namespace

Findings check_core(const Source& source) {
    Findings findings;
    if (!is_core(source)) {
        return findings;
    }
    for (const Ban& ban : kBans) {
        const std::regex pattern(ban.pattern);
        for (std::sregex_iterator it(source.code.begin(), source.code.end(), pattern), end;
             it != end; ++it) {
            findings.push_back({"core-purity", source.path,
                                line_of(source.code, static_cast<std::size_t>(it->position())),
                                "a core " + std::string(ban.what) + ": " + it->str()});
        }
    }
    return findings;
}

}  // namespace twinzone::tidy
