// The command line of both programs: a verb (verb_table.h), its operands and options, in any order.
// Also turns the form without a configuration file into a Config.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/config/config.h"
#include "common/config/verb_table.h"

namespace twinzone::config {

enum class ColorMode : std::uint8_t { automatic, always, never };

// What a program ends with.
enum class ExitCode : int {
    ok = 0,
    some_failed = 1,
    usage = 2,  // command line or configuration
    not_running = 3,
    held = 4,      // a version is held back by a guard
    changed = 10,  // only `sync --detailed-exitcode`
    locked = 75,   // another process holds the store
};

// The form without a configuration file, as written; empty where not given.
struct InlineOptions {
    std::vector<std::string> listen;
    std::string store;
    std::vector<std::string> zones;  // NAME=FILE on a primary, NAME on a secondary
    std::string zones_directory;     // primary
    std::vector<std::string> notify;
    std::vector<std::string> allow_transfer;
    std::vector<std::string> primaries;  // secondary
    std::string key_file;
    std::string output_directory;  // secondary

    friend bool operator==(const InlineOptions&, const InlineOptions&) = default;
};

struct CommandLine {
    Verb verb = Verb::help;
    std::optional<Verb> help_of;     // of this verb alone
    std::vector<dns::Name> zones;    // operands of verbs that are about zones
    std::vector<std::string> words;  // operands of others: "new", "k1."
    // The verb's own options by name, checked: "true" for a flag, a serial or a number of seconds
    // in digits, an address as "ADDRESS@PORT", any other text as it was given.
    std::map<std::string, std::string, std::less<>> options;
    std::optional<std::string> config_file;
    std::string control_socket;    // --control; empty where not given
    std::vector<std::string> web;  // --web, as written
    bool json = false;
    ColorMode color = ColorMode::automatic;
    int verbosity = 0;  // number of -v less number of -q

    InlineOptions inline_options;

    [[nodiscard]] bool has_inline_options() const { return inline_options != InlineOptions{}; }
    [[nodiscard]] bool has(std::string_view option) const { return options.contains(option); }
    // "" where it was not given.
    [[nodiscard]] std::string_view option(std::string_view name) const;
    // Of an option that is a time.
    [[nodiscard]] std::optional<seconds> duration(std::string_view name) const;
};

// `arguments` without the program's name. Errc::usage with a sentence to print behind the program's
// name; the exit code is then ExitCode::usage.
[[nodiscard]] Result<CommandLine> parse_command_line(std::span<const std::string> arguments,
                                                     Role role);

// The configuration that a command line asks for: from its file, the default file, or its options.
// -v, -q and --control are already in it. Errc::usage, or as load_file(). Blocking.
[[nodiscard]] Result<Config> config_of(const CommandLine& command_line, Role role);

// Where the daemon listens for verbs: --control, the store's folder, or the configuration file,
// of which nothing else is looked at. Blocking.
[[nodiscard]] Result<std::string> control_socket_of(const CommandLine& command_line, Role role);

// "twinzone-primary" or "twinzone-secondary".
[[nodiscard]] std::string_view program_name(Role role) noexcept;

// What --help and --version print; help of one verb or of all.
[[nodiscard]] std::string help_text(Role role, const std::optional<Verb>& verb = std::nullopt);
[[nodiscard]] std::string version_text(Role role);

// The exit code of a program that ends because of this error.
[[nodiscard]] ExitCode exit_code_of(Errc code) noexcept;

}  // namespace twinzone::config
