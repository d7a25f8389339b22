#include "common/config/command_line.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/base/assert.h"
#include "common/config/suggestion.h"
#include "common/config/values.h"

namespace twinzone::config {

namespace {

// What CLI11 fills.
struct Words {
    std::vector<std::string> operands;  // the verb and its own
    // Options of verbs, by name, with their value where they have one.
    std::map<std::string, std::string, std::less<>> of_verbs;
    std::string config_file;
    std::string color = "auto";
    int more = 0;
    int less = 0;
    bool help = false;
    bool version = false;
};

void add_common_options(CLI::App& app, Words& words, CommandLine& result) {
    app.set_help_flag();
    app.add_option("operands", words.operands);
    app.add_option("-c,--config", words.config_file);
    app.add_option("--control", result.control_socket);
    app.add_option("--color", words.color);
    app.add_flag("-v,--verbose", words.more);
    app.add_flag("-q,--quiet", words.less);
    app.add_flag("-h,--help", words.help);
    app.add_flag("--version", words.version);
    app.add_flag("--json", result.json);
    app.add_option("--web", result.web)->allow_extra_args(false);
}

// Options of any verb that the program has; which of them goes with the verb is looked at later.
void add_verb_options(CLI::App& app, Role role, Words& words) {
    for (const VerbRow& row : verb_table()) {
        if (!is_offered(row, role)) {
            continue;
        }
        for (const VerbOption& option : row.options) {
            const auto [place, is_new] = words.of_verbs.emplace(option.name, "");
            if (!is_new) {
                continue;
            }
            const std::string name = option.letter.empty()
                                         ? fmt::format("--{}", option.name)
                                         : fmt::format("-{},--{}", option.letter, option.name);
            if (option.kind == ValueKind::flag) {
                app.add_flag(name);
            } else {
                app.add_option(name, place->second);
            }
        }
    }
}

// One value for each time the option is given, so that the zones behind it stay operands.
void add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values) {
    app.add_option(name, values)->allow_extra_args(false);
}

void add_inline_options(CLI::App& app, Role role, InlineOptions& options) {
    add_list(app, "--listen", options.listen);
    add_list(app, "--zone", options.zones);
    add_list(app, "--notify", options.notify);
    add_list(app, "--allow-transfer", options.allow_transfer);
    app.add_option("--store", options.store);
    app.add_option("--key-file", options.key_file);
    if (role == Role::primary) {
        app.add_option("--zones-dir", options.zones_directory);
    } else {
        add_list(app, "--primary", options.primaries);
        app.add_option("--output-dir", options.output_directory);
    }
}

Failure unknown_option(const CLI::App& app, std::string_view argument) {
    const std::string_view name = argument.substr(0, argument.find('='));
    std::vector<std::string> known;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& longer : option->get_lnames()) {
            known.push_back("--" + longer);
        }
    }
    const std::vector<std::string_view> views{known.begin(), known.end()};
    return fail(Errc::usage, fmt::format("unknown option '{}'{}", name, did_you_mean(name, views)));
}

Result<const VerbRow*> verb_from_text(std::string_view text, Role role) {
    const VerbRow* found = find_verb(text);
    if (found != nullptr && is_offered(*found, role)) {
        return found;
    }
    if (found != nullptr) {
        return fail(Errc::usage, fmt::format("'{}' is a verb of twinzone-secondary", text));
    }
    std::vector<std::string_view> words;
    for (const VerbRow& row : verb_table()) {
        if (is_offered(row, role)) {
            words.push_back(row.word);
        }
    }
    return fail(Errc::usage, fmt::format("unknown verb '{}'{}; --help lists them", text,
                                         did_you_mean(text, words)));
}

Failure wrong_count(const VerbRow& row, std::span<const std::string> operands) {
    const OperandShape& shape = row.operands;
    if (operands.size() < shape.least) {
        return fail(Errc::usage, fmt::format("'{0}' needs {1}: {0} {2}", row.word,
                                             shape.are_zones ? "a zone" : "more words", row.usage));
    }
    if (!shape.are_zones) {
        return fail(Errc::usage, fmt::format("'{}' does not go on with '{}': {} {}", row.word,
                                             operands[shape.most], row.word, row.usage));
    }
    return fail(Errc::usage,
                fmt::format("'{}' takes {}, not '{}'", row.word,
                            shape.most == 0 ? "no operand" : "one zone", operands[shape.most]));
}

Result<void> set_operands(const VerbRow& row, std::span<const std::string> operands,
                          CommandLine& result) {
    if (operands.size() < row.operands.least || operands.size() > row.operands.most) {
        return wrong_count(row, operands);
    }
    if (!row.operands.are_zones) {
        result.words.assign(operands.begin(), operands.end());
        return {};
    }
    for (const std::string& operand : operands) {
        Result<dns::Name> zone = dns::Name::from_text(operand);
        if (!zone) {
            return fail(Errc::usage, zone.error().detail());
        }
        result.zones.push_back(*zone);
    }
    return {};
}

// "'status'", or "'wait' and 'sync'": the verbs of a program that take the option.
std::string verbs_with(std::string_view option, Role role) {
    std::vector<std::string> words;
    for (const VerbRow& row : verb_table()) {
        if (is_offered(row, role) && find_option(row, option) != nullptr) {
            words.push_back(fmt::format("'{}'", row.word));
        }
    }
    return fmt::format("{}", fmt::join(words, " and "));
}

Failure bad_value(const VerbOption& option, std::string_view why) {
    return fail(Errc::usage, fmt::format("--{}: {}", option.name, why));
}

// The value in the form that CommandLine::options promises.
Result<std::string> checked_value(const VerbOption& option, const std::string& text) {
    switch (option.kind) {
        case ValueKind::flag: return std::string{"true"};
        case ValueKind::text:
            if (text.empty()) {
                return bad_value(option, "it may not be empty");
            }
            return text;
        case ValueKind::serial: {
            std::uint32_t serial = 0;
            const char* const end = text.data() + text.size();
            const auto [stop, error] = std::from_chars(text.data(), end, serial);
            if (error != std::errc{} || stop != end) {
                return bad_value(option, fmt::format("'{}' is no serial", text));
            }
            return std::to_string(serial);
        }
        case ValueKind::duration: {
            const Result<seconds> span = duration_from_text(text);
            if (!span) {
                return bad_value(option, span.error().detail());
            }
            return std::to_string(span->count());
        }
        case ValueKind::endpoint: {
            const Result<Endpoint> endpoint = Endpoint::from_text(text, kDnsPort);
            if (!endpoint) {
                return bad_value(option, endpoint.error().detail());
            }
            return endpoint->to_text();
        }
    }
    TWINZONE_UNREACHABLE();
}

// An option that its verb would not look at is a misunderstanding.
Result<void> set_options(const Words& words, const CLI::App& app, Role role, CommandLine& result) {
    const VerbRow& row = row_of(result.verb);
    for (const auto& [name, text] : words.of_verbs) {
        if (app.count(fmt::format("--{}", name)) == 0) {
            continue;
        }
        const VerbOption* option = find_option(row, name);
        if (option == nullptr) {
            return fail(Errc::usage,
                        fmt::format("'--{}' is an option of {}", name, verbs_with(name, role)));
        }
        Result<std::string> value = checked_value(*option, text);
        if (!value) {
            return fail(std::move(value).error());
        }
        result.options.emplace(name, std::move(*value));
    }
    return {};
}

Result<void> check_together(const CommandLine& result) {
    constexpr std::pair<std::string_view, std::string_view> kNotTogether[] = {
        {"file", "server"}, {"from", "file"}, {"from", "server"}, {"to", "file"}, {"to", "server"}};
    for (const auto& [one, other] : kNotTogether) {
        if (result.has(one) && result.has(other)) {
            return fail(Errc::usage, fmt::format("'--{}' does not go with '--{}'", one, other));
        }
    }
    if (result.has("watch") && result.json) {
        return fail(Errc::usage, "'--watch' is for the eye; it does not go with '--json'");
    }
    if (result.config_file && result.has_inline_options()) {
        return fail(Errc::usage,
                    "a configuration file (-c) does not go with options that stand for one "
                    "(--listen, --store, --zone, …)");
    }
    return {};
}

Result<ColorMode> color_from_text(std::string_view text) {
    if (text == "auto") {
        return ColorMode::automatic;
    }
    if (text == "always" || text == "never") {
        return text == "always" ? ColorMode::always : ColorMode::never;
    }
    return fail(Errc::usage, fmt::format("'--color' is auto, always or never, not '{}'", text));
}

Result<void> fill(const Words& words, const CLI::App& app, Role role, CommandLine& result) {
    Result<ColorMode> color = color_from_text(words.color);
    if (!color) {
        return fail(std::move(color).error());
    }
    result.color = *color;
    result.verbosity = words.more - words.less;
    if (app.count("--config") > 0) {
        result.config_file = words.config_file;
    }
    if (words.help || words.version) {
        result.verb = words.help ? Verb::help : Verb::version;
        const VerbRow* row = words.operands.empty() ? nullptr : find_verb(words.operands[0]);
        if (row != nullptr && is_offered(*row, role)) {
            result.help_of = row->verb;
        }
        return {};
    }
    if (words.operands.empty()) {
        return fail(Errc::usage, "no verb; try --help");
    }
    const Result<const VerbRow*> row = verb_from_text(words.operands[0], role);
    if (!row) {
        return fail(row.error());
    }
    result.verb = (*row)->verb;
    const auto operands = std::span<const std::string>{words.operands}.subspan(1);
    if (Result<void> done = set_operands(**row, operands, result); !done) {
        return done;
    }
    if (Result<void> done = set_options(words, app, role, result); !done) {
        return done;
    }
    return check_together(result);
}

}  // namespace

Result<CommandLine> parse_command_line(std::span<const std::string> arguments, Role role) {
    CommandLine result;
    Words words;
    try {
        CLI::App app;
        app.allow_extras();
        add_common_options(app, words, result);
        add_verb_options(app, role, words);
        add_inline_options(app, role, result.inline_options);
        // CLI11 takes its arguments from the end.
        app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()});
        for (const std::string& extra : app.remaining()) {
            return unknown_option(app, extra);
        }
        if (Result<void> filled = fill(words, app, role, result); !filled) {
            return fail(std::move(filled).error());
        }
    } catch (const CLI::Error& error) {
        return fail(Errc::usage, error.what());
    }
    return result;
}

std::string_view CommandLine::option(std::string_view name) const {
    const auto found = options.find(name);
    return found == options.end() ? std::string_view{} : std::string_view{found->second};
}

std::optional<seconds> CommandLine::duration(std::string_view name) const {
    const Result<seconds> span = duration_from_text(option(name));
    return span ? std::optional{*span} : std::nullopt;
}

std::string_view program_name(Role role) noexcept {
    return role == Role::primary ? "twinzone-primary" : "twinzone-secondary";
}

ExitCode exit_code_of(Errc code) noexcept {
    switch (code) {
        case Errc::usage:
        case Errc::config_invalid: return ExitCode::usage;
        case Errc::zone_held: return ExitCode::held;
        case Errc::store_locked: return ExitCode::locked;
        default: return ExitCode::some_failed;
    }
}

}  // namespace twinzone::config
