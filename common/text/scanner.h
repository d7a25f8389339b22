// Splits one entry of a zone file (a record or a directive, RFC 1035 §5.1) into tokens: words and
// quoted strings; parentheses, comments and line ends within them vanish here. Tokens borrow the
// text; escapes are left in them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/text/char_class.h"
#include "common/text/fault.h"

namespace twinzone::text {

enum class TokenKind : std::uint8_t { word, quoted, end };

struct Token {
    const char* begin = nullptr;  // of a quoted string: after the quote
    const char* end = nullptr;
    TokenKind kind = TokenKind::end;
    bool escaped = false;  // a backslash stands in it

    [[nodiscard]] std::string_view text() const noexcept { return {begin, end}; }
    [[nodiscard]] std::size_t size() const noexcept {
        return static_cast<std::size_t>(end - begin);
    }
    [[nodiscard]] bool is_end() const noexcept { return kind == TokenKind::end; }
};

// Keeps the first fault found; from then on every token is the end, so that a caller checks once,
// after a group of reads. Not thread-safe.
class Scanner {
  public:
    // Starts at the entry at the front of `text`. Requires: kTextPadding octets can be read behind
    // `text`, of which the first is NUL. `is_last`: nothing follows `text`; otherwise an entry that
    // does not end in it is too long.
    void open(std::string_view text, bool is_last) noexcept;

    // The next token; end at the end of the entry, again and again.
    [[nodiscard]] Token next() {
        // A plain word behind one space or none is what most lines are made of.
        const char* const begin = at_ + (*at_ == ' ' ? 1 : 0);
        if (char_class(*begin) == CharClass::plain && !failed_) [[likely]] {
            const char* const end = word_end(begin);
            if (*end != '\\') [[likely]] {
                at_ = end;
                return {begin, end, TokenKind::word, false};
            }
        }
        return next_after_all_else();
    }

    // The next token, which must be there: `what` says what should stand there.
    [[nodiscard]] Token need(const char* what) {
        const Token token = next();
        if (token.is_end()) [[unlikely]] {
            fail_missing(token, what);
        }
        return token;
    }

    // Passes over the token "\#" (RFC 3597 §5) if it comes next.
    [[nodiscard]] bool take_unknown_mark() {
        if (*at_ == ' ' && char_class(at_[1]) == CharClass::plain) [[likely]] {
            ++at_;
            return false;
        }
        return take_unknown_mark_after_all_else();
    }

    // Passes over the end of the entry. A token before it is a fault.
    void finish() {
        if (ends_here()) [[likely]] {
            ++at_;
            ++lines_;
            return;
        }
        finish_after_all_else();
    }

    // True if the text went out before the newline that should have ended the entry.
    [[nodiscard]] bool cut_off() const noexcept { return cut_off_; }

    // Where the next token is looked for.
    [[nodiscard]] const char* at() const noexcept { return at_; }

    // Passes over tokens whose text is known. Requires: words and blanks alone stand before `to`.
    void pass_to(const char* to) noexcept { at_ = to; }

    // Line ends passed since open().
    [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }

    // Keeps the fault unless there is one already.
    [[gnu::cold]] void fail(const char* at, std::string text, Errc code = Errc::zone_file_syntax);
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] const Fault& fault() const noexcept { return fault_; }

    // Puts `prefix` before the text of the fault. Requires: failed().
    [[gnu::cold]] void prefix_fault(std::string_view prefix);

  private:
    // A newline outside of parentheses comes next.
    [[nodiscard]] bool ends_here() const noexcept {
        return *at_ == '\n' && depth_ == 0 && !failed_;
    }
    [[nodiscard]] Token next_after_all_else();
    void finish_after_all_else();
    [[nodiscard]] bool take_unknown_mark_after_all_else();
    [[nodiscard]] Token word();
    [[nodiscard]] Token quoted();
    [[nodiscard]] Token end_here() const noexcept { return {at_, at_, TokenKind::end, false}; }
    [[nodiscard]] bool skip_between();
    void skip_comment();
    void close_parenthesis();
    [[gnu::cold]] void fail_at_end(const char* opened, std::string_view what);
    [[gnu::cold]] void fail_at_nul();
    [[gnu::cold]] void fail_missing(const Token& token, const char* what);

    const char* begin_ = nullptr;
    const char* at_ = nullptr;
    const char* end_ = nullptr;
    const char* opened_ = nullptr;  // the outermost open parenthesis
    std::uint64_t lines_ = 0;
    std::uint32_t depth_ = 0;  // of parentheses
    bool is_last_ = true;
    bool cut_off_ = false;
    bool failed_ = false;
    Fault fault_;
};

}  // namespace twinzone::text
