// Rules about the text of single files, and about the tree as a whole.
#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "tests/tidy/rules.h"

namespace twinzone::tidy {

namespace {

// Put together here so that this file does not break its own rule.
const std::string& unfinished_words() {
    static const std::string words = std::string(R"(\b(TO)") + "DO|FIX" + "ME|XX" + R"(X)\b)";
    return words;
}

bool is_named_in_cmake(const Source& source, const std::map<std::string, const Source*>& by_path) {
    std::string folder = source.folder();
    while (!folder.empty()) {
        const auto cmake = by_path.find(folder + "/CMakeLists.txt");
        const std::string name = source.path.substr(folder.size() + 1);
        if (cmake != by_path.end() &&
            std::regex_search(
                cmake->second->text,
                std::regex("(^|[\\s(\"/])" + std::regex_replace(name, std::regex("[.+]"), "\\$&") +
                           "($|[\\s)\"])"))) {
            return true;
        }
        const std::size_t slash = folder.rfind('/');
        folder = slash == std::string::npos ? std::string() : folder.substr(0, slash);
    }
    return false;
}

}  // namespace

Findings check_text(const Source& source) {
    Findings findings;
    const std::regex unfinished(unfinished_words());
    for (std::sregex_iterator it(source.text.begin(), source.text.end(), unfinished), end;
         it != end; ++it) {
        findings.push_back({"unfinished", source.path,
                            line_of(source.text, static_cast<std::size_t>(it->position())),
                            "says " + it->str()});
    }
    if (source.is_header() && source.code.find("#pragma once\n") == std::string::npos) {
        findings.push_back({"pragma-once", source.path, 0, "a header without #pragma once"});
    }
    return findings;
}

Findings check_tree(const std::vector<Source>& sources) {
    std::map<std::string, const Source*> by_path;
    std::set<std::string> folders;
    for (const Source& source : sources) {
        by_path.emplace(source.path, &source);
        if (source.is_cpp() || source.path.ends_with(".py") || source.path.ends_with(".sh")) {
            folders.insert(source.folder());
        }
    }
    Findings findings;
    for (const Source& source : sources) {
        if (source.path.ends_with(".cpp") && !is_named_in_cmake(source, by_path)) {
            findings.push_back({"in-cmake", source.path, 0, "is in no CMake target"});
        }
    }
    for (const std::string& folder : folders) {
        // The unit tests mirror the tree; one README describes them all.
        if (!folder.starts_with("tests/unit/") && !by_path.contains(folder + "/README.md")) {
            findings.push_back({"folder-readme", folder, 0, "a folder without README.md"});
        }
    }
    return findings;
}

}  // namespace twinzone::tidy
