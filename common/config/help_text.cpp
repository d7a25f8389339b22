// What --help and --version print, from the table of verbs.
#include <algorithm>

#include <fmt/format.h>

#include "common/config/command_line.h"

namespace twinzone::config {

namespace {

// Where what is said about a word or an option begins.
constexpr std::size_t kColumn = 22;
constexpr std::size_t kOptionColumn = 29;

constexpr std::string_view kEveryVerb = R"(Options, before or after the verb
  -c, --config FILE   configuration (default /etc/twinzone/{0}.yaml)
  --control PATH      control socket of the daemon
  --web ADDRESS       (serve) page, metrics and probes over HTTP; repeats
  --json              output for programs
  --color WHEN        auto, always or never
  -v, -q              log more or less; repeat for more of it
  --version, --help   `VERB --help` tells of that verb's options
)";

constexpr std::string_view kPrimaryInline =
    R"(Instead of a configuration file (addresses are ADDRESS@PORT, the port is 53 if left out)
  --listen ADDRESS           repeats
  --store DIR                where zones are kept
  --zone NAME=FILE           repeats
  --zones-dir DIR            every NAME.zone in it
  --notify ADDRESS           whom to tell about new versions; repeats
  --allow-transfer WHO       10.0.0.0/8, an address, or key:NAME; repeats
  --key-file FILE            a TSIG key as BIND writes it: transfers and NOTIFY are signed with it
)";

constexpr std::string_view kSecondaryInline =
    R"(Instead of a configuration file (addresses are ADDRESS@PORT, the port is 53 if left out)
  --listen ADDRESS           repeats; not needed for sync
  --store DIR                where zones are kept
  --zone NAME                repeats
  --primary ADDRESS          tried in their order; repeats
  --output-dir DIR           write each zone to DIR/NAME.zone
  --notify ADDRESS           whom to tell about new versions; repeats
  --allow-transfer WHO       10.0.0.0/8, an address, or key:NAME; repeats
  --key-file FILE            a TSIG key as BIND writes it: transfers and NOTIFY are signed with it
)";

constexpr std::string_view kPrimaryExamples = R"(
  twinzone-primary serve --listen 127.0.0.1@5300 --store /var/lib/twinzone/primary \
      --zone example.test=/etc/bind/db.example.test \
      --notify 192.0.2.2 --allow-transfer 192.0.2.2
)";

constexpr std::string_view kSecondaryExamples = R"(
  twinzone-secondary serve --listen 127.0.0.1@5301 --store /var/lib/twinzone/secondary \
      --zone example.test --primary 192.0.2.1 --output-dir /var/lib/nsd/zones
  twinzone-secondary sync --store /var/lib/twinzone/secondary --zone example.test \
      --primary 192.0.2.1 --key-file /etc/twinzone/keys.d/k1.key --output-dir /var/lib/nsd/zones
)";

constexpr std::string_view kPrimaryExits =
    R"(Exit codes: 0 ok, 1 some zones failed, 2 usage or configuration, 3 daemon not running,
4 held by a guard, 75 another process has the lock
)";

constexpr std::string_view kSecondaryExits =
    R"(Exit codes: 0 ok, 1 some zones failed, 2 usage or configuration, 3 daemon not running,
4 held by a guard, 10 changed (sync --detailed-exitcode), 75 another process has the lock
)";

// "  words          what they do", on two lines where the words are long.
std::string entry(std::string_view words, std::string_view help, std::size_t column) {
    if (words.size() + 4 > column) {
        return fmt::format("  {}\n{:{}}{}\n", words, "", column, help);
    }
    return fmt::format("  {:<{}}{}\n", words, column - 2, help);
}

std::string usage_of(const VerbRow& row) {
    return row.usage.empty() ? std::string{row.word} : fmt::format("{} {}", row.word, row.usage);
}

std::string examples_of(const VerbRow& row, Role role, std::size_t at_most) {
    std::string text;
    std::string_view rest = row.examples;
    for (std::size_t i = 0; i < at_most && !rest.empty(); ++i) {
        const std::size_t end = rest.find('\n');
        text += fmt::format("  {} {}\n", program_name(role), rest.substr(0, end));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return text;
}

std::string words_of(const VerbOption& option) {
    const std::string longer = option.value.empty()
                                   ? fmt::format("--{}", option.name)
                                   : fmt::format("--{} {}", option.name, option.value);
    return option.letter.empty() ? longer : fmt::format("-{}, {}", option.letter, longer);
}

std::string help_of(const VerbRow& row, Role role) {
    std::string text = fmt::format("{0} {1}: {2}\n\nUsage: {0} {3} [OPTION...]\n",
                                   program_name(role), row.word, row.help, usage_of(row));
    if (!row.aliases.empty()) {
        text += fmt::format("Also: {}\n", row.aliases);
    }
    if (!row.options.empty()) {
        text += "\nOptions\n";
        for (const VerbOption& option : row.options) {
            text += entry(words_of(option), option.help, kOptionColumn);
        }
    }
    if (row.asks_daemon) {
        text +=
            "\nAsks the running daemon and waits for the result; exit code 3 where none runs.\n";
    }
    text += fmt::format("\nExamples\n{}", examples_of(row, role, 10));
    if (row.verb == Verb::serve || row.verb == Verb::sync) {
        text += fmt::format("\n{}", role == Role::primary ? kPrimaryInline : kSecondaryInline);
    }
    return text;
}

std::string help_of_all(Role role) {
    const bool is_primary = role == Role::primary;
    std::string text = fmt::format(
        "{0}: {1}\n\nUsage: {0} VERB [OPERAND...] [OPTION...]\n\nVerbs\n", program_name(role),
        is_primary ? "announces zones to secondaries and serves them by AXFR and IXFR"
                   : "follows primaries, keeps their zones and hands them on");
    std::string examples;
    for (const VerbRow& row : verb_table()) {
        if (is_offered(row, role)) {
            text += entry(usage_of(row), row.help, kColumn);
            examples += row.verb == Verb::serve ? "" : examples_of(row, role, 1);
        }
    }
    text += '\n';
    text += fmt::format(kEveryVerb, is_primary ? "primary" : "secondary");
    text += fmt::format("\n{}\nExamples{}{}\n{}", is_primary ? kPrimaryInline : kSecondaryInline,
                        is_primary ? kPrimaryExamples : kSecondaryExamples, examples,
                        is_primary ? kPrimaryExits : kSecondaryExits);
    return text;
}

}  // namespace

std::string help_text(Role role, const std::optional<Verb>& verb) {
    return verb ? help_of(row_of(*verb), role) : help_of_all(role);
}

std::string version_text(Role role) {
    return fmt::format("{} {}\n", program_name(role), TWINZONE_VERSION);
}

}  // namespace twinzone::config
