#include "common/config/key_file.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "common/config/diagnostics.h"
#include "common/config/file_text.h"
#include "common/config/suggestion.h"
#include "common/config/values.h"

namespace twinzone::config {

namespace {

constexpr std::size_t kMaxKeyFileBytes = 16'384;
constexpr std::array<std::string_view, 5> kAlgorithms = {"hmac-sha256", "hmac-sha384",
                                                         "hmac-sha512", "hmac-sha224", "hmac-sha1"};
constexpr std::string_view kSpace = " \t\r\n";

struct Token {
    std::string_view text;  // without quotes
    std::size_t line = 1;
};

Failure wrong(std::size_t line, std::string_view what) {
    return fail(Errc::config_invalid, fmt::format("line {}: {}", line, what));
}

// Splits the syntax of named.conf: words, quoted words, '{', '}', ';' and three kinds of comment.
class Tokens {
  public:
    explicit Tokens(std::string_view text) : rest_(text) {}

    // Empty at the end.
    Token next() {
        skip_blank();
        if (rest_.empty()) {
            return {{}, line_};
        }
        std::size_t end = rest_.find_first_of("{};\"# \t\r\n");
        if (rest_[0] == '"') {
            end = rest_.find_first_of("\"\n", 1);
            const Token token{rest_.substr(1, end == std::string_view::npos ? end : end - 1),
                              line_};
            rest_.remove_prefix(
                std::min(end == std::string_view::npos ? end : end + 1, rest_.size()));
            return token;
        }
        end = end == 0 ? 1 : std::min(end, rest_.size());
        const Token token{rest_.substr(0, end), line_};
        rest_.remove_prefix(end);
        return token;
    }

  private:
    void skip(std::size_t count) {
        count = std::min(count, rest_.size());
        line_ += static_cast<std::size_t>(
            std::count(rest_.begin(), rest_.begin() + static_cast<long>(count), '\n'));
        rest_.remove_prefix(count);
    }

    void skip_blank() {
        for (;;) {
            skip(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
            if (rest_.starts_with('#') || rest_.starts_with("//")) {
                skip(rest_.find('\n'));
            } else if (rest_.starts_with("/*")) {
                const std::size_t end = rest_.find("*/", 2);
                skip(end == std::string_view::npos ? end : end + 2);
            } else {
                return;
            }
        }
    }

    std::string_view rest_;
    std::size_t line_ = 1;
};

Result<void> set_algorithm(const Token& value, KeyText& key) {
    Result<dns::TsigAlgorithm> algorithm = algorithm_from_text(value.text);
    if (!algorithm || key.algorithm) {
        return wrong(value.line, algorithm ? "a second algorithm" : "unknown algorithm");
    }
    key.algorithm = *algorithm;
    return {};
}

Result<void> set_secret(const Token& value, KeyText& key) {
    Result<Bytes> secret = base64_from_text(value.text);
    if (!secret || secret->empty() || !key.secret.empty()) {
        return wrong(value.line,
                     secret && !secret->empty() ? "a second secret" : "the secret is not base64");
    }
    key.secret = std::move(*secret);
    return {};
}

// `name { algorithm A; secret S; };` after the word `key`.
Result<KeyText> parse_statement(Tokens& tokens) {
    KeyText key;
    const Token name = tokens.next();
    Result<dns::Name> parsed = dns::Name::from_text(name.text);
    if (!parsed) {
        return wrong(name.line, "'key' goes on with the key's name");
    }
    key.name = *parsed;
    if (const Token brace = tokens.next(); brace.text != "{") {
        return wrong(brace.line, "expected '{' after the key's name");
    }
    for (;;) {
        const Token word = tokens.next();
        if (word.text == "}") {
            break;
        }
        if (word.text != "algorithm" && word.text != "secret") {
            return wrong(word.line, "expected 'algorithm', 'secret' or '}'");
        }
        const Token value = tokens.next();
        Result<void> done =
            word.text == "secret" ? set_secret(value, key) : set_algorithm(value, key);
        if (!done) {
            return fail(std::move(done).error());
        }
        if (const Token semicolon = tokens.next(); semicolon.text != ";") {
            return wrong(semicolon.line, fmt::format("expected ';' after the {}", word.text));
        }
    }
    const Token end = tokens.next();
    if (!end.text.empty() && end.text != ";") {
        return wrong(end.line, "expected ';' after '}'");
    }
    if (!key.algorithm || key.secret.empty()) {
        return wrong(name.line, "a key needs an algorithm and a secret");
    }
    return key;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t from = std::min(text.find_first_not_of(kSpace), text.size());
    const std::size_t to = text.find_last_not_of(kSpace) + 1;
    return text.substr(from, from < to ? to - from : 0);
}

}  // namespace

Result<dns::TsigAlgorithm> algorithm_from_text(std::string_view text) {
    std::string name{text.ends_with('.') ? text.substr(0, text.size() - 1) : text};
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return static_cast<char>(dns::lower(static_cast<std::uint8_t>(c)));
    });
    const auto algorithm = dns::tsig_algorithm_from_text(name);
    if (!algorithm) {
        return fail(Errc::config_invalid, fmt::format("unknown algorithm {}{}", quoted(text),
                                                      did_you_mean(name, kAlgorithms)));
    }
    return *algorithm;
}

Result<KeyText> parse_key_text(std::string_view text) {
    Tokens tokens{text};
    const Token first = tokens.next();
    if (first.text.empty()) {
        return fail(Errc::config_invalid, "no key in it");
    }
    if (first.text != "key" || text.find('{') == std::string_view::npos) {
        Result<Bytes> secret = base64_from_text(trimmed(text));
        if (!secret) {
            return wrong(first.line, "neither base64 nor a key statement as BIND writes it");
        }
        return KeyText{.secret = std::move(*secret)};
    }
    Result<KeyText> key = parse_statement(tokens);
    if (!key) {
        return key;
    }
    if (const Token more = tokens.next(); !more.text.empty()) {
        return wrong(more.line, "more than one key in the file");
    }
    return key;
}

Result<KeyText> read_key_file(const std::string& path) {
    Result<FileText> file = read_file(path, kMaxKeyFileBytes);
    if (!file) {
        return fail(std::move(file).error());
    }
    if (file->readable_by_others) {
        return fail(Errc::config_invalid,
                    fmt::format("key file {} can be read by others; chmod 0640 {}", path, path));
    }
    Result<KeyText> key = parse_key_text(file->text);
    if (!key) {
        return fail(Errc::config_invalid,
                    fmt::format("key file {}: {}", path, key.error().detail()));
    }
    return key;
}

}  // namespace twinzone::config
