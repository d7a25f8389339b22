#include "common/config/command_line.h"

#include <algorithm>
#include <array>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/base/assert.h"
#include "common/config/suggestion.h"

namespace twinzone::config {

namespace {

struct VerbWord {
    std::string_view word;
    Verb verb;
    bool secondary_only = false;
};
constexpr VerbWord kVerbs[] = {
    {"serve", Verb::serve},
    {"check", Verb::check},
    {"status", Verb::status},
    {"sync", Verb::sync, true},
};

// Named so that who reads about them elsewhere gets a straight answer.
constexpr std::string_view kLaterVerbs[] = {
    "why",    "history", "diff", "wait", "notify",     "reload",  "freeze",     "thaw",   "approve",
    "reject", "export",  "key",  "init", "completion", "refresh", "retransfer", "verify", "promote",
};
constexpr std::string_view kLaterOptions[] = {"--web", "--explain", "--network"};

// What CLI11 fills.
struct Words {
    std::vector<std::string> operands;  // the verb and its zones
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
    app.add_flag("--check", result.check);
    app.add_flag("--watch", result.watch);
    app.add_flag("--stale", result.stale);
}

// One value for each time the option is given, so that the zones behind it stay operands.
void add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values) {
    app.add_option(name, values)->allow_extra_args(false);
}

void add_inline_options(CLI::App& app, Role role, CommandLine& result) {
    InlineOptions& options = result.inline_options;
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
        app.add_flag("--detailed-exitcode", result.detailed_exit_code);
    }
}

Failure unknown_option(const CLI::App& app, std::string_view argument) {
    const std::string_view name = argument.substr(0, argument.find('='));
    if (std::find(std::begin(kLaterOptions), std::end(kLaterOptions), name) !=
        std::end(kLaterOptions)) {
        return fail(Errc::usage, fmt::format("'{}' is not in this version yet", name));
    }
    std::vector<std::string> known;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& longer : option->get_lnames()) {
            known.push_back("--" + longer);
        }
    }
    const std::vector<std::string_view> views{known.begin(), known.end()};
    return fail(Errc::usage, fmt::format("unknown option '{}'{}", name, did_you_mean(name, views)));
}

Result<Verb> verb_from_text(std::string_view text, Role role) {
    std::vector<std::string_view> words;
    for (const VerbWord& each : kVerbs) {
        const bool is_offered = role == Role::secondary || !each.secondary_only;
        if (each.word == text && is_offered) {
            return each.verb;
        }
        if (each.word == text) {
            return fail(Errc::usage, fmt::format("'{}' is a verb of twinzone-secondary", text));
        }
        if (is_offered) {
            words.push_back(each.word);
        }
    }
    if (std::find(std::begin(kLaterVerbs), std::end(kLaterVerbs), text) != std::end(kLaterVerbs)) {
        return fail(Errc::usage, fmt::format("'{}' is not in this version yet", text));
    }
    return fail(Errc::usage, fmt::format("unknown verb '{}'{}; verbs are {}", text,
                                         did_you_mean(text, words), fmt::join(words, ", ")));
}

Result<void> set_zones(const std::vector<std::string>& operands, CommandLine& result) {
    const std::size_t given = operands.size() - 1;
    const bool takes_any = result.verb == Verb::sync;
    const bool takes_one = result.verb == Verb::status;
    if (given > 0 && !takes_any && !(takes_one && given == 1)) {
        return fail(Errc::usage, fmt::format("'{}' takes {}, not '{}'", operands[0],
                                             takes_one ? "one zone" : "no operand",
                                             operands[takes_one ? 2 : 1]));
    }
    for (std::size_t i = 1; i < operands.size(); ++i) {
        Result<dns::Name> zone = dns::Name::from_text(operands[i]);
        if (!zone) {
            return fail(Errc::usage, zone.error().detail());
        }
        result.zones.push_back(*zone);
    }
    return {};
}

// An option that its verb would not look at is a misunderstanding.
Result<void> check_verb_options(const CommandLine& result) {
    struct Rule {
        std::string_view option;
        std::string_view verb_word;
        Verb verb;
        bool is_given;
    };
    const Rule rules[] = {
        {"--check", "status", Verb::status, result.check},
        {"--watch", "status", Verb::status, result.watch},
        {"--stale", "status", Verb::status, result.stale},
        {"--detailed-exitcode", "sync", Verb::sync, result.detailed_exit_code},
    };
    for (const Rule& rule : rules) {
        if (rule.is_given && result.verb != rule.verb) {
            return fail(Errc::usage,
                        fmt::format("'{}' is an option of '{}'", rule.option, rule.verb_word));
        }
    }
    if (result.watch && result.json) {
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
        return {};
    }
    if (words.operands.empty()) {
        return fail(Errc::usage, "no verb; try --help");
    }
    Result<Verb> verb = verb_from_text(words.operands[0], role);
    if (!verb) {
        return fail(std::move(verb).error());
    }
    result.verb = *verb;
    if (Result<void> zones = set_zones(words.operands, result); !zones) {
        return zones;
    }
    return check_verb_options(result);
}

}  // namespace

Result<CommandLine> parse_command_line(std::span<const std::string> arguments, Role role) {
    CommandLine result;
    Words words;
    try {
        CLI::App app;
        app.allow_extras();
        add_common_options(app, words, result);
        add_inline_options(app, role, result);
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

std::string_view program_name(Role role) noexcept {
    return role == Role::primary ? "twinzone-primary" : "twinzone-secondary";
}

ExitCode exit_code_of(Errc code) noexcept {
    switch (code) {
        case Errc::usage:
        case Errc::config_invalid: return ExitCode::usage;
        case Errc::store_locked: return ExitCode::locked;
        default: return ExitCode::some_failed;
    }
}

}  // namespace twinzone::config
