#include "tests/tidy/source.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace twinzone::tidy {

namespace {

// Walks C++ text and copies it with everything that is not code blanked.
class Blanker {
  public:
    explicit Blanker(std::string_view text) : text_(text), code_(text) {}

    std::string run() && {
        while (at_ < text_.size()) {
            step();
        }
        return std::move(code_);
    }

  private:
    void step() {
        if (starts_with("//")) {
            blank_until("\n", 0);
        } else if (starts_with("/*")) {
            blank_until("*/", 2);
        } else if (starts_with("R\"") && !follows_word()) {
            raw_string();
        } else if (text_[at_] == '"') {
            quoted('"');
        } else if (text_[at_] == '\'' && !follows_word()) {
            quoted('\'');  // after a digit or letter it separates digits: 1'000
        } else {
            ++at_;
        }
    }

    [[nodiscard]] bool starts_with(std::string_view word) const {
        return text_.substr(at_, word.size()) == word;
    }
    [[nodiscard]] bool follows_word() const {
        return at_ > 0 && (std::isalnum(static_cast<unsigned char>(text_[at_ - 1])) != 0 ||
                           text_[at_ - 1] == '_');
    }

    // Up to the end mark, of which the last `keep` octets belong to what is blanked.
    void blank_until(std::string_view end, std::size_t keep) {
        const std::size_t found = text_.find(end, at_ + keep);
        blank_to(found == std::string_view::npos ? text_.size() : found + keep);
    }

    void blank_to(std::size_t end) {
        for (; at_ < end; ++at_) {
            if (code_[at_] != '\n') {
                code_[at_] = ' ';
            }
        }
    }

    // The quotes stay, what is between them goes.
    void quoted(char quote) {
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
            end += text_[end] == '\\' ? 2 : 1;
        }
        ++at_;
        blank_to(std::min(end, text_.size()));
        at_ = std::min(at_ + 1, text_.size());
    }

    void raw_string() {
        const std::size_t open = text_.find('(', at_);
        if (open == std::string_view::npos) {
            at_ = text_.size();
            return;
        }
        std::string end{")"};
        end.append(text_.substr(at_ + 2, open - at_ - 2)).push_back('"');
        const std::size_t found = text_.find(end, open);
        at_ += 2;
        blank_to(found == std::string_view::npos ? text_.size() : found + end.size() - 1);
        at_ = std::min(at_ + 1, text_.size());
    }

    std::string_view text_;
    std::string code_;
    std::size_t at_ = 0;
};

bool has_suffix(std::string_view path, std::initializer_list<std::string_view> suffixes) {
    return std::any_of(suffixes.begin(), suffixes.end(),
                       [&](std::string_view suffix) { return path.ends_with(suffix); });
}

bool is_text(const std::string& name) {
    return has_suffix(name, {".h", ".cpp", ".py", ".sh", ".md", ".txt", ".cmake", ".yaml", ".yml",
                             ".awk", ".zone", ".service"});
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

bool Source::is_cpp() const {
    return has_suffix(path, {".h", ".cpp"});
}

bool Source::is_header() const {
    return path.ends_with(".h");
}

std::string Source::folder() const {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

bool Source::is_below(std::string_view folder) const {
    return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

Source make_source(std::string path, std::string text) {
    Source source{std::move(path), std::move(text), {}};
    if (source.is_cpp()) {
        source.code = Blanker(source.text).run();
    }
    return source;
}

std::size_t line_of(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

std::vector<Source> read_tree(const std::filesystem::path& root) {
    std::vector<Source> sources;
    std::filesystem::recursive_directory_iterator walk(root);
    for (const auto& entry : walk) {
        const std::string name = entry.path().filename().string();
        if (entry.is_directory() && (name.starts_with('.') || name == "__pycache__")) {
            walk.disable_recursion_pending();
        } else if (entry.is_regular_file() && is_text(name)) {
            sources.push_back(
                make_source(entry.path().lexically_relative(root).string(), read_file(entry)));
        }
    }
    std::sort(sources.begin(), sources.end(),
              [](const Source& a, const Source& b) { return a.path < b.path; });
    return sources;
}

}  // namespace twinzone::tidy
