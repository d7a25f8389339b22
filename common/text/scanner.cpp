#include "common/text/scanner.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace twinzone::text {

void Scanner::open(std::string_view text, bool is_last) noexcept {
    begin_ = at_ = text.data();
    end_ = begin_ + text.size();
    opened_ = nullptr;
    lines_ = 0;
    depth_ = 0;
    is_last_ = is_last;
    cut_off_ = false;
    failed_ = false;
}

// The next token where blanks, line ends, comments or parentheses may stand before it.
Token Scanner::next_after_all_else() {
    if (ends_here() || !skip_between()) {
        return end_here();
    }
    return *at_ == '"' ? quoted() : word();
}

void Scanner::fail_missing(const Token& token, const char* what) {
    fail(token.begin, fmt::format("the record ends where {} should stand", what));
}

bool Scanner::take_unknown_mark_after_all_else() {
    if (!skip_between() || at_[0] != '\\' || at_[1] != '#') [[likely]] {
        return false;
    }
    const CharClass after = char_class(at_[2]);
    if (after == CharClass::plain || after == CharClass::backslash) {
        return false;
    }
    at_ += 2;
    return true;
}

// Goes to the first octet of the next token; false at the end of the entry.
bool Scanner::skip_between() {
    while (!failed_) {
        switch (char_class(*at_)) {
            case CharClass::plain:
            case CharClass::backslash:
            case CharClass::quote: return true;
            case CharClass::blank: ++at_; break;
            case CharClass::newline:
                if (depth_ == 0) {
                    return false;
                }
                ++lines_;
                ++at_;
                break;
            case CharClass::carriage_return:
                if (at_[1] != '\n') {
                    fail(at_, "carriage return without a line feed");
                }
                ++at_;
                break;
            case CharClass::comment: skip_comment(); break;
            case CharClass::open:
                if (depth_++ == 0) {
                    opened_ = at_;
                }
                ++at_;
                break;
            case CharClass::close: close_parenthesis(); break;
            case CharClass::nul:
                if (at_ != end_) {
                    fail_at_nul();
                } else if (depth_ > 0 || !is_last_) {
                    fail_at_end(opened_, "parenthesis");
                }
                return false;
        }
    }
    return false;
}

void Scanner::skip_comment() {
    const std::size_t left = static_cast<std::size_t>(end_ - at_);
    const void* newline = std::memchr(at_, '\n', left);
    const char* stop = newline == nullptr ? end_ : static_cast<const char*>(newline);
    if (const void* nul = std::memchr(at_, 0, static_cast<std::size_t>(stop - at_))) {
        at_ = static_cast<const char*>(nul);
        return;  // refused where it stands
    }
    at_ = stop;
}

void Scanner::close_parenthesis() {
    if (depth_ == 0) {
        fail(at_, "closing parenthesis without an opening one");
        return;
    }
    --depth_;
    ++at_;
}

Token Scanner::word() {
    Token token{at_, at_, TokenKind::word, false};
    const char* at = at_;
    for (;;) {
        at = word_end(at);
        if (*at != '\\') [[likely]] {
            break;
        }
        token.escaped = true;
        const CharClass next = char_class(at[1]);
        if (next == CharClass::newline || next == CharClass::carriage_return ||
            next == CharClass::nul) {
            fail(at, "backslash with nothing to escape");
            return end_here();
        }
        at += 2;
    }
    token.end = at_ = at;
    return token;
}

Token Scanner::quoted() {
    const char* opened = at_;
    Token token{opened + 1, opened + 1, TokenKind::quoted, false};
    const char* at = opened + 1;
    while (*at != '"') {
        if (*at == '\\' && at + 1 < end_) {
            token.escaped = true;
            ++at;
        }
        if (*at == '\n') {
            // RFC 1035 §5.1 lets any character stand in quotes, but a forgotten quote would then
            // swallow the records up to the next one: across lines only within parentheses.
            if (depth_ == 0) {
                fail(opened, "quoted string is not closed on its line");
                return end_here();
            }
            ++lines_;
        } else if (*at == '\0') {
            at_ = at;
            if (at == end_) {
                fail_at_end(opened, "quote");
            } else {
                fail_at_nul();
            }
            return end_here();
        }
        ++at;
    }
    token.end = at;
    at_ = at + 1;
    return token;
}

void Scanner::finish_after_all_else() {
    const Token extra = next();
    if (failed_) {
        return;
    }
    if (!extra.is_end()) {
        const std::size_t shown = std::min<std::size_t>(extra.size(), 40);
        fail(extra.kind == TokenKind::quoted ? extra.begin - 1 : extra.begin,
             fmt::format("'{}' stands after the end of the record",
                         std::string_view{extra.begin, shown}));
        return;
    }
    cut_off_ = at_ == end_;
    if (!cut_off_) {
        ++at_;
        ++lines_;
    }
}

void Scanner::fail(const char* at, std::string text, Errc code) {
    if (!failed_) {
        failed_ = true;
        fault_ = Fault{code, at, std::move(text), depth_ > 0 ? opened_ : nullptr};
    }
}

void Scanner::prefix_fault(std::string_view prefix) {
    fault_.text.insert(0, prefix);
}

void Scanner::fail_at_end(const char* opened, std::string_view what) {
    if (!is_last_) {
        fail(opened == nullptr ? begin_ : opened,
             fmt::format("record or comment longer than {} octets", end_ - begin_), Errc::limit);
        return;
    }
    fail(opened, fmt::format("the file ends before the {} opened here is closed", what));
}

void Scanner::fail_at_nul() {
    fail(at_, "NUL octet: this is no text file");
}

}  // namespace twinzone::text
