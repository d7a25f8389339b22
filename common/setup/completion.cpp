#include "common/setup/completion.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace twinzone::setup {

namespace {

using config::Role;
using config::Verb;
using config::VerbRow;

// What the value of an option may be.
enum class Value : std::uint8_t { none, any, file, zone, color, format, algorithm };

struct Option {
    std::string_view name;  // with its dashes
    std::string_view help;
    Value value = Value::none;
};

constexpr Option kCommon[] = {
    {"--config", "configuration file", Value::file},
    {"-c", "configuration file", Value::file},
    {"--control", "control socket of the daemon", Value::file},
    {"--json", "output for programs"},
    {"--color", "auto, always or never", Value::color},
    {"--verbose", "log more"},
    {"--quiet", "log less"},
    {"--help", "what there is"},
    {"--version", "which version this is"},
};

// Those that stand for a configuration file.
constexpr Option kInline[] = {
    {"--listen", "address to listen on", Value::any},
    {"--store", "where zones are kept", Value::file},
    {"--zone", "a zone", Value::zone},
    {"--notify", "whom to tell about new versions", Value::any},
    {"--allow-transfer", "who may transfer", Value::any},
    {"--key-file", "TSIG key", Value::file},
    {"--web", "address of the web page", Value::any},
};
constexpr Option kInlinePrimary[] = {{"--zones-dir", "every NAME.zone in it", Value::file}};
constexpr Option kInlineSecondary[] = {
    {"--primary", "whom to follow", Value::any},
    {"--output-dir", "where zone files are written", Value::file},
};

Value value_of(const config::VerbOption& option) {
    if (option.kind == config::ValueKind::flag) {
        return Value::none;
    }
    if (option.value == "FILE" || option.value == "DIR") {
        return Value::file;
    }
    if (option.name == "format" || option.name == "algorithm") {
        return option.name == "format" ? Value::format : Value::algorithm;
    }
    return Value::any;
}

class Completer {
  public:
    Completer(std::span<const std::string> words, Role role)
        : words_(words.empty() ? words : words.first(words.size() - 1)),
          current_(words.empty() ? std::string{} : words.back()),
          role_(role) {}

    Completion run() {
        const std::optional<Value> awaited = read_words();
        if (awaited) {
            complete_value(*awaited);
        } else if (current_.starts_with('-')) {
            complete_options();
        } else if (verb_ == nullptr) {
            for (const VerbRow& row : config::verb_table()) {
                if (config::is_offered(row, role_)) {
                    offer(row.word, row.help);
                }
            }
        } else {
            complete_operand();
        }
        return std::move(result_);
    }

  private:
    // The words before the last one: the verb, how many operands, where the daemon is. Gives what
    // the last word is, where it is the value of an option.
    std::optional<Value> read_words() {
        for (std::size_t i = 0; i < words_.size(); ++i) {
            const std::string& word = words_[i];
            if (word.size() > 1 && word.starts_with('-')) {
                const std::size_t equals = word.find('=');
                const Value value = value_named(word.substr(0, equals));
                if (equals != std::string::npos) {
                    note(word.substr(0, equals), word.substr(equals + 1));
                } else if (value != Value::none && i + 1 == words_.size()) {
                    return value;
                } else if (value != Value::none) {
                    note(word, words_[++i]);
                }
            } else if (verb_ == nullptr) {
                verb_ = config::find_verb(word);
                operands_ += verb_ == nullptr ? 1 : 0;
            } else {
                ++operands_;
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] Value value_named(std::string_view name) const {
        Value value = Value::none;
        visit_options(
            [&](const Option& option) { value = option.name == name ? option.value : value; });
        return value;
    }

    template <class Visit>
    void visit_options(Visit visit) const {
        std::for_each(std::begin(kCommon), std::end(kCommon), visit);
        std::for_each(std::begin(kInline), std::end(kInline), visit);
        if (role_ == Role::primary) {
            std::for_each(std::begin(kInlinePrimary), std::end(kInlinePrimary), visit);
        } else {
            std::for_each(std::begin(kInlineSecondary), std::end(kInlineSecondary), visit);
        }
        if (verb_ == nullptr) {
            return;
        }
        for (const config::VerbOption& option : verb_->options) {
            const std::string name = fmt::format("--{}", option.name);
            visit(Option{.name = name, .help = option.help, .value = value_of(option)});
            if (!option.letter.empty()) {
                const std::string letter = fmt::format("-{}", option.letter);
                visit(Option{.name = letter, .help = option.help, .value = value_of(option)});
            }
        }
    }

    void note(std::string_view option, const std::string& value) {
        if (option == "-c" || option == "--config") {
            result_.daemon.config_file = value;
        } else if (option == "--control") {
            result_.daemon.control_socket = value;
        } else if (option == "--store") {
            result_.daemon.inline_options.store = value;
        }
    }

    void offer(std::string_view word, std::string_view help = {}) {
        if (word.starts_with(current_)) {
            result_.candidates.push_back({std::string{word}, std::string{help}});
        }
    }

    void offer_all(std::initializer_list<std::string_view> words) {
        for (const std::string_view word : words) {
            offer(word);
        }
    }

    void complete_value(Value value) {
        switch (value) {
            case Value::file: result_.files = true; return;
            case Value::zone: result_.zones = true; return;
            case Value::color: offer_all({"auto", "always", "never"}); return;
            case Value::format: offer_all({"twinzone", "bind", "nsd", "knot", "pdns"}); return;
            case Value::algorithm:
                offer_all(
                    {"hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224", "hmac-sha1"});
                return;
            case Value::none:
            case Value::any: return;
        }
    }

    void complete_options() {
        visit_options([this](const Option& option) {
            if (option.name.starts_with("--")) {
                offer(option.name, option.help);
            }
        });
    }

    void complete_operand() {
        switch (verb_->verb) {
            case Verb::key:
                if (operands_ == 0) {
                    offer("new", "a fresh TSIG key");
                }
                return;
            case Verb::init:
                if (operands_ == 0) {
                    offer_all({"bind", "nsd", "knot", "pdns", "coredns"});
                }
                return;
            case Verb::completion:
                if (operands_ == 0) {
                    offer_all({"bash", "zsh", "fish"});
                }
                return;
            default: result_.zones = verb_->operands.are_zones && operands_ < verb_->operands.most;
        }
    }

    std::span<const std::string> words_;
    std::string current_;
    Role role_;
    const VerbRow* verb_ = nullptr;
    std::size_t operands_ = 0;
    Completion result_;
};

}  // namespace

Completion complete(std::span<const std::string> words, Role role) {
    return Completer{words, role}.run();
}

std::string completion_text(const Completion& completion) {
    std::string out;
    for (const Candidate& candidate : completion.candidates) {
        fmt::format_to(std::back_inserter(out), "{}\t{}\n", candidate.word, candidate.help);
    }
    return completion.files ? out + ":files\n" : out;
}

}  // namespace twinzone::setup
