// One text file of the project, as the rules of tests/tidy read it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace twinzone::tidy {

struct Source {
    std::string path;  // from the project's root, with '/'
    std::string text;
    // The text of a C++ file with the inside of comments, strings and characters blanked, so that
    // every octet that is left is code. Same length and same line breaks as `text`.
    std::string code;

    [[nodiscard]] bool is_cpp() const;
    [[nodiscard]] bool is_header() const;
    // "common/dns" of "common/dns/name.h", "primary" of "primary/main.cpp".
    [[nodiscard]] std::string folder() const;
    [[nodiscard]] bool is_below(std::string_view folder) const;
};

[[nodiscard]] Source make_source(std::string path, std::string text);

// One broken rule at one place.
struct Finding {
    std::string rule;  // short name, the key of the exceptions table
    std::string path;
    std::size_t line = 0;  // from 1; 0: the file as a whole
    std::string what;
};

// 1 for the first line.
[[nodiscard]] std::size_t line_of(std::string_view text, std::size_t offset);

// The project's own text files below `root`: no dot folders, nothing git would not have.
[[nodiscard]] std::vector<Source> read_tree(const std::filesystem::path& root);

}  // namespace twinzone::tidy
