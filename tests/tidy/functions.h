// Finds function bodies in C++ text without a compiler: by braces, and by what stands before them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace twinzone::tidy {

struct Function {
    std::string signature;        // what stands before the brace, white space folded
    std::size_t first_line = 0;   // of the opening brace
    std::size_t last_line = 0;    // of the closing brace
    std::size_t table_lines = 0;  // of initializers in it: rows of a table are read, not followed

    [[nodiscard]] std::size_t lines() const { return last_line - first_line - table_lines; }
};

// `code` has no comments and strings (Source::code). Bodies at namespace and class scope; a lambda
// inside a function is part of it. Preprocessor lines are passed over.
[[nodiscard]] std::vector<Function> find_functions(std::string_view code);

}  // namespace twinzone::tidy
