// The arrows of the architecture (README, "Parts") as a table, and who may include which library.
#include <algorithm>
#include <regex>
#include <span>
#include <string>
#include <string_view>

#include "tests/tidy/rules.h"

namespace twinzone::tidy {

namespace {

struct Arrow {
    std::string_view folder;
    std::string_view may_include;  // folders, separated by blanks; its own is implied
};

constexpr Arrow kArrows[] = {
    {"common/base", ""},
    {"common/dns", "common/base"},
    {"common/text", "common/base common/dns"},
    {"common/zone", "common/base common/dns"},
    {"common/store", "common/base common/dns common/zone"},
    {"common/transfer", "common/base common/dns common/zone"},
    {"common/net", "common/base"},
    {"common/shared", "common/base common/dns common/zone common/net"},
    {"common/control", "common/base common/dns"},
    {"common/observe", "common/base common/dns"},
    {"common/config", "common/base common/dns"},
    {"common/web", "common/base common/dns common/control common/observe"},
    {"common/setup", "common/base common/dns common/text common/config"},
    {"common/service", "common"},
    {"primary", "common"},
    {"secondary", "common"},
    {"tests", "common primary secondary"},
};

struct Library {
    std::string_view header;  // what the included name starts with
    std::string_view folders;
};

constexpr Library kLibraries[] = {
    {"uv.h", "common/net tests/unit/net"},
    {"microhttpd.h", "common/net"},
    {"prometheus/", "common/observe"},
    {"libpq-fe.h", "common/shared"},
    {"lmdb.h", "common/store tests/unit/store"},
    {"ldns/", "common/text common/zone tests"},
    {"openssl/", "common/dns common/net common/zone tests"},
    {"yaml-cpp/", "common/config"},
    {"CLI/", "common/config primary secondary"},
    {"spdlog/", "common/observe"},
    {"nlohmann/", "common/control common/observe tests"},
    {"systemd/", "common/service"},
    {"xxhash.h", "common/zone common/store"},
    {"catch2/", "tests/support"},
    {"sys/socket.h", "common/net common/base common/control tests"},
    {"netinet/", "common/net common/base tests"},
    {"arpa/inet.h", "common/net common/base tests"},
};

bool is_at_or_below(std::string_view path, std::string_view folder) {
    return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

bool is_in_one_of(std::string_view path, std::string_view folders) {
    while (!folders.empty()) {
        const std::size_t blank = std::min(folders.find(' '), folders.size());
        if (is_at_or_below(path, folders.substr(0, blank))) {
            return true;
        }
        folders.remove_prefix(std::min(blank + 1, folders.size()));
    }
    return false;
}

struct Include {
    std::string name;
    bool quoted = false;
    std::size_t line = 0;
};

// From the text and not the code: a quoted name is a string, which the code has blanked.
std::vector<Include> includes_of(const Source& source) {
    static const std::regex pattern(R"re((^|\n)[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"])re");
    std::vector<Include> found;
    for (std::sregex_iterator it(source.text.begin(), source.text.end(), pattern), end; it != end;
         ++it) {
        found.push_back({(*it)[3].str(), (*it)[2].str() == "\"",
                         line_of(source.text, static_cast<std::size_t>(it->position(2)))});
    }
    return found;
}

void check_direction(const Source& source, const Include& include, Findings& findings) {
    const std::size_t slash = include.name.rfind('/');
    if (slash == std::string::npos) {
        findings.push_back({"include-direction", source.path, include.line,
                            "\"" + include.name + "\" is not written from the root"});
        return;
    }
    const std::string target = include.name.substr(0, slash);
    for (const Arrow& arrow : kArrows) {
        if (!is_at_or_below(source.folder(), arrow.folder)) {
            continue;
        }
        if (!is_at_or_below(target, arrow.folder) && !is_in_one_of(target, arrow.may_include)) {
            findings.push_back({"include-direction", source.path, include.line,
                                std::string(arrow.folder) + " may not include " + target});
        }
        return;
    }
    findings.push_back({"include-direction", source.path, include.line,
                        source.folder() + " is no part of the architecture's table"});
}

void check_library(const Source& source, const Include& include, Findings& findings) {
    for (const Library& library : kLibraries) {
        if (include.name.starts_with(library.header) &&
            !is_in_one_of(source.folder(), library.folders)) {
            findings.push_back(
                {"library-place", source.path, include.line,
                 "<" + include.name + "> belongs to " + std::string(library.folders)});
        }
    }
}

void check_own_header(const Source& source, std::span<const Include> includes, Findings& findings) {
    if (source.is_header() || includes.empty()) {
        return;
    }
    const std::string own = source.path.substr(0, source.path.size() - 4) + ".h";
    const auto found = std::find_if(includes.begin(), includes.end(),
                                    [&](const Include& include) { return include.name == own; });
    if (found != includes.end() && found != includes.begin()) {
        findings.push_back(
            {"own-header-first", source.path, found->line, "its own header comes first"});
    }
}

}  // namespace

Findings check_includes(const Source& source) {
    Findings findings;
    if (!source.is_cpp()) {
        return findings;
    }
    const std::vector<Include> includes = includes_of(source);
    for (const Include& include : includes) {
        if (include.quoted) {
            check_direction(source, include, findings);
        }
        check_library(source, include, findings);
    }
    check_own_header(source, includes, findings);
    return findings;
}

}  // namespace twinzone::tidy
