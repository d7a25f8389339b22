// Wrong configurations as rows of a table: what is written, and the first line of each error.
#pragma once

#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "common/config/loader.h"
#include "tests/support/catch.h"

namespace twinzone::config::test {

inline std::string error_of(const std::string& text, Role role) {
    const Result<Config> config = load_text(text, "t.yaml", role);
    return config ? "accepted" : config.error().detail();
}

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

struct Row {
    const char* name;
    Role role;
    std::string text;
    // The first lines of the blocks.
    std::vector<std::string> expected;
};

// Every block is: place and sentence, source line, caret under the column.
inline void check_row(const Row& row) {
    const std::vector<std::string> source = lines_of(row.text);
    const std::vector<std::string> lines = lines_of(error_of(row.text, row.role));
    std::vector<std::string> sentences;
    std::size_t at = 0;
    while (at + 1 < lines.size()) {
        sentences.push_back(lines[at]);
        unsigned line = 0;
        unsigned column = 0;
        if (std::sscanf(lines[at].c_str(), "t.yaml:%u:%u:", &line, &column) == 2) {
            REQUIRE(at + 3 < lines.size());
            CHECK(lines[at + 1] == "  " + source.at(line - 1));
            CHECK(lines[at + 2] == std::string(column + 1, ' ') + "^");
            at += 2;
        }
        ++at;
    }
    CHECK(sentences == row.expected);
    const std::size_t count = row.expected.size();
    CHECK(lines.back() == std::to_string(count) + (count == 1 ? " error" : " errors"));
}

inline constexpr Role kPrimary = Role::primary;
inline constexpr Role kSecondary = Role::secondary;

// Valid, but for what is put behind it.
inline const std::string kHead =
    "version: 1\n"
    "server: { listen: [127.0.0.1@5300] }\n";
inline const std::string kZone = "zones: [{ zone: example.test, source: { file: db } }]\n";
inline const std::string kRemote = "remotes: [{ name: ns1, addresses: [192.0.2.1] }]\n";

}  // namespace twinzone::config::test
