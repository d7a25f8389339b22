// Collects what is wrong in configuration files and shows it: place, sentence, source line, caret.
// Sits below everything in this folder that reads text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace twinzone::config {

// A place in one of the files; lines and columns (octets) count from 1. Line 0: the file as a
// whole.
struct Mark {
    std::uint32_t file = 0;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

class Diagnostics {
  public:
    // Gives the number of the file for its marks.
    std::uint32_t add_file(std::string display_name, std::string text);

    [[nodiscard]] const std::string& text(std::uint32_t file) const { return files_[file].text; }
    [[nodiscard]] const std::string& name(std::uint32_t file) const { return files_[file].name; }

    void error(Mark mark, std::string message);

    // Whatever is shown later has asterisks where it would have this text.
    void hide(std::string_view secret);

    // From here on lines of `file` are shown with every value hidden that might be a secret: for a
    // file that could not be parsed, where hide() has not heard of all secrets.
    void distrust(std::uint32_t file) { files_[file].trusted = false; }

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

    // All errors in the order of their places, and their count. Requires: !empty().
    [[nodiscard]] Error to_error() const;

  private:
    struct File {
        std::string name;
        std::string text;
        bool trusted = true;
    };
    struct Entry {
        Mark mark;
        std::string message;
    };

    [[nodiscard]] std::string block(const Entry& entry) const;
    [[nodiscard]] std::string without_secrets(std::string text) const;

    std::vector<File> files_;
    std::vector<Entry> entries_;
    std::vector<std::string> secrets_;
};

// "'text'", cut to a length that fits a line.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace twinzone::config
