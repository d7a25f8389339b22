#include "tests/tidy/functions.h"

#include <algorithm>
#include <cctype>
#include <regex>

namespace twinzone::tidy {

namespace {

enum class Scope { declarations, function, table, other };

std::string fold_blanks(std::string_view text) {
    std::string folded;
    for (const char c : text) {
        const bool blank = std::isspace(static_cast<unsigned char>(c)) != 0;
        if (!blank) {
            folded.push_back(c);
        } else if (!folded.empty() && folded.back() != ' ') {
            folded.push_back(' ');
        }
    }
    while (!folded.empty() && folded.back() == ' ') {
        folded.pop_back();
    }
    return folded;
}

// What a brace opens that follows `head` at namespace or class scope.
Scope classify(const std::string& head) {
    static const std::regex container(
        R"((^|[\s>)])(namespace|class|struct|union|extern "\s*")(\s|$))");
    static const std::regex value(R"((^|\s)enum\s|[^=!<>]=\s*$|[^=!<>]=\s*\w+(::\w+)*\s*$)");
    if (std::regex_search(head, value)) {
        return Scope::other;
    }
    if (head.find('(') != std::string::npos) {
        return Scope::function;
    }
    return std::regex_search(head, container) ? Scope::declarations : Scope::other;
}

class Walker {
  public:
    explicit Walker(std::string_view code) : code_(code) {}

    std::vector<Function> run() && {
        for (; at_ < code_.size(); ++at_) {
            step(code_[at_]);
        }
        return std::move(found_);
    }

  private:
    [[nodiscard]] bool in_declarations() const {
        return scopes_.empty() || scopes_.back() == Scope::declarations;
    }

    [[nodiscard]] bool in_table() const {
        return std::find(scopes_.begin(), scopes_.end(), Scope::table) != scopes_.end();
    }
    [[nodiscard]] char last_octet_before() const {
        const std::size_t at = code_.substr(0, at_).find_last_not_of(" \n");
        return at == std::string_view::npos ? ' ' : code_[at];
    }

    void step(char c) {
        if (c == '\n') {
            ++line_;
            line_is_empty_ = true;
            return;
        }
        if (c == '#' && line_is_empty_) {
            pass_directive();
            return;
        }
        line_is_empty_ = line_is_empty_ && std::isspace(static_cast<unsigned char>(c)) != 0;
        if (c == '{') {
            open();
        } else if (c == '}') {
            close();
        } else if (c == ';' && in_declarations()) {
            head_start_ = at_ + 1;
        }
    }

    void pass_directive() {
        while (at_ < code_.size() && (code_[at_] != '\n' || code_[at_ - 1] == '\\')) {
            line_ += code_[at_] == '\n' ? 1 : 0;
            ++at_;
        }
        head_start_ = at_;
        --at_;
    }

    void open() {
        if (!in_declarations()) {
            const bool table = !in_table() && last_octet_before() == '=';
            table_start_ = table ? line_ : table_start_;
            scopes_.push_back(table ? Scope::table : Scope::other);
            return;
        }
        std::string head = fold_blanks(code_.substr(head_start_, at_ - head_start_));
        const Scope scope = classify(head);
        if (scope == Scope::function) {
            found_.push_back({std::move(head), line_, line_});
        }
        scopes_.push_back(scope);
        head_start_ = at_ + 1;
    }

    void close() {
        if (scopes_.empty()) {
            return;
        }
        if (scopes_.back() == Scope::function) {
            found_.back().last_line = line_;
        } else if (scopes_.back() == Scope::table && !found_.empty()) {
            found_.back().table_lines += line_ - table_start_;
        }
        scopes_.pop_back();
        if (in_declarations()) {
            head_start_ = at_ + 1;
        }
    }

    std::string_view code_;
    std::vector<Function> found_;
    std::vector<Scope> scopes_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::size_t head_start_ = 0;
    std::size_t table_start_ = 0;
    bool line_is_empty_ = true;
};

}  // namespace

std::vector<Function> find_functions(std::string_view code) {
    return Walker(code).run();
}

}  // namespace twinzone::tidy
