// The command line: options on either side of the verb, and the form without a configuration file.
#include "common/config/command_line.h"

#include <sstream>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/config/temporary_folder.h"

namespace twinzone::config {
namespace {

Result<CommandLine> parsed(const std::string& line, Role role) {
    std::istringstream in{line};
    std::vector<std::string> words;
    for (std::string word; in >> word;) {
        words.push_back(word);
    }
    return parse_command_line(words, role);
}

CommandLine accepted(const std::string& line, Role role) {
    auto result = parsed(line, role);
    INFO((result ? "" : result.error().detail()));
    REQUIRE(result);
    return std::move(*result);
}

std::string refused(const std::string& line, Role role) {
    const auto result = parsed(line, role);
    return result ? "accepted" : result.error().detail();
}

Result<Config> config_from(const std::string& line, Role role) {
    return config_of(accepted(line, role), role);
}

constexpr Role kPrimary = Role::primary;
constexpr Role kSecondary = Role::secondary;

TEST_CASE("options stand before or after the verb", "[config]") {
    for (const char* line :
         {"-c f.yaml --json -v -v -q status a.test --check --stale --color never",
          "status --check a.test --stale -c f.yaml -vv --json -q --color=never",
          "--color never --stale --check -vvq --config f.yaml --json status a.test"}) {
        DYNAMIC_SECTION(line) {
            const CommandLine result = accepted(line, kPrimary);
            CHECK(result.verb == Verb::status);
            CHECK(result.config_file == "f.yaml");
            CHECK(result.json);
            CHECK(result.has("check"));
            CHECK(result.has("stale"));
            CHECK_FALSE(result.has("watch"));
            CHECK(result.verbosity == 1);
            CHECK(result.color == ColorMode::never);
            REQUIRE(result.zones.size() == 1);
            CHECK(result.zones[0].to_text() == "a.test.");
            CHECK_FALSE(result.has_inline_options());
        }
    }
}

TEST_CASE("options that repeat do not swallow what follows", "[config]") {
    const CommandLine result = accepted(
        "--zone a.test --zone b.test --primary 192.0.2.1 --primary ::1 sync a.test b.test "
        "--store /s --output-dir /o --detailed-exitcode",
        kSecondary);
    CHECK(result.verb == Verb::sync);
    CHECK(result.zones.size() == 2);
    CHECK(result.has("detailed-exitcode"));
    CHECK(result.inline_options.zones == std::vector<std::string>{"a.test", "b.test"});
    CHECK(result.inline_options.primaries == std::vector<std::string>{"192.0.2.1", "::1"});
}

TEST_CASE("help and version need no verb and come before everything", "[config]") {
    CHECK(accepted("--help", kPrimary).verb == Verb::help);
    CHECK(accepted("-h", kPrimary).verb == Verb::help);
    CHECK(accepted("serve --help", kPrimary).verb == Verb::help);
    CHECK(accepted("wait --help", kPrimary).help_of == Verb::wait);
    CHECK_FALSE(accepted("sync --help", kPrimary).help_of);
    CHECK(accepted("--version", kSecondary).verb == Verb::version);
    CHECK(help_text(kPrimary).find("Examples\n") != std::string::npos);
    CHECK(help_text(kPrimary).find(" sync") == std::string::npos);
    CHECK(help_text(kSecondary).find(" sync [ZONE...]") != std::string::npos);
    CHECK(version_text(kSecondary).find("twinzone-secondary ") == 0);
}

TEST_CASE("the command line says what is wrong with it", "[config]") {
    const struct {
        const char* line;
        Role role;
        const char* expected;
    } rows[] = {
        {"", kPrimary, "no verb; try --help"},
        {"sreve", kPrimary, "unknown verb 'sreve'; did you mean 'serve'?; --help lists them"},
        {"sync", kPrimary, "'sync' is a verb of twinzone-secondary"},
        {"promote", kPrimary, "'promote' is a verb of twinzone-secondary"},
        {"promote a.test", kPrimary, "'promote' is a verb of twinzone-secondary"},
        {"freeze", kPrimary, "'freeze' needs a zone: freeze ZONE"},
        {"thaw a.test b.test", kPrimary, "'thaw' takes one zone, not 'b.test'"},
        {"reload a.test", kPrimary, "'reload' takes no operand, not 'a.test'"},
        {"init", kPrimary,
         "'init' needs more words: init SERVER [--server ADDRESS] [--server-dir DIR] [-o DIR]"},
        {"completion bash zsh", kPrimary,
         "'completion' does not go on with 'zsh': completion SHELL"},
        {"wait a.test --serial -1", kPrimary, "--serial: '-1' is no serial"},
        {"wait a.test --serial 4294967296", kPrimary, "--serial: '4294967296' is no serial"},
        {"wait a.test --serial 7 --timeout soon", kPrimary,
         "--timeout: 'soon' is no duration; write 30s, 5m, 2h or 1d"},
        {"diff a.test --server here", kPrimary,
         "--server: 'here' is no address; write ADDRESS@PORT"},
        {"diff a.test --server ::1 --file f", kPrimary, "'--file' does not go with '--server'"},
        {"diff a.test --from 1 --file f", kPrimary, "'--from' does not go with '--file'"},
        {"export a.test --all-peers", kPrimary, "'--all-peers' is an option of 'wait'"},
        {"serve --serial 1", kPrimary, "'--serial' is an option of 'export' and 'wait'"},
        {"serve --lisen 127.0.0.1", kPrimary, "unknown option '--lisen'; did you mean '--listen'?"},
        {"serve --primary ::1", kPrimary, "unknown option '--primary'"},
        {"serve --zones-dir x", kSecondary, "unknown option '--zones-dir'"},
        {"serve a.test", kPrimary, "'serve' takes no operand, not 'a.test'"},
        {"status a.test b.test", kPrimary, "'status' takes one zone, not 'b.test'"},
        {"status a..test", kPrimary, "'a..test' is no domain name: empty label"},
        {"serve --check", kPrimary, "'--check' is an option of 'status'"},
        {"check --watch", kPrimary, "'--watch' is an option of 'status'"},
        {"status --detailed-exitcode", kSecondary, "'--detailed-exitcode' is an option of 'sync'"},
        {"status --watch --json", kPrimary,
         "'--watch' is for the eye; it does not go with '--json'"},
        {"status --color red", kPrimary, "'--color' is auto, always or never, not 'red'"},
        {"serve -c f --store d", kPrimary,
         "a configuration file (-c) does not go with options that stand for one (--listen, "
         "--store, --zone, …)"},
    };
    for (const auto& row : rows) {
        DYNAMIC_SECTION(row.line) {
            CHECK(refused(row.line, row.role) == row.expected);
            CHECK(parsed(row.line, row.role).error().code() == Errc::usage);
        }
    }
}

TEST_CASE("operands and options of verbs come checked", "[config]") {
    const CommandLine wait =
        accepted("wait --timeout 2m --serial 007 a.test --all-peers --json", kPrimary);
    CHECK(wait.zones[0].to_text() == "a.test.");
    CHECK(wait.option("serial") == "7");
    CHECK(wait.option("timeout") == "120");
    CHECK(wait.duration("timeout") == seconds{120});
    CHECK(wait.option("all-peers") == "true");
    CHECK(wait.option("to").empty());
    CHECK_FALSE(wait.duration("splay"));

    const CommandLine exported = accepted("export a.test -o f.zone --serial 9", kSecondary);
    CHECK(exported.option("output") == "f.zone");
    CHECK(accepted("diff a.test --server 192.0.2.1", kPrimary).option("server") == "192.0.2.1@53");
    CHECK(accepted("notify a.test --to ns2", kPrimary).option("to") == "ns2");
    CHECK(accepted("diff a.test --to 3", kPrimary).option("to") == "3");

    const CommandLine key = accepted("key new k1. --format bind", kPrimary);
    CHECK(key.words == std::vector<std::string>{"new", "k1."});
    CHECK(key.zones.empty());
    CHECK(accepted("promote", kSecondary).zones.empty());
    CHECK(accepted("verify a.test b.test", kSecondary).zones.size() == 2);
    const CommandLine sync =
        accepted("sync --dry-run --splay 5m --timeout 1h --max-age 1d --textfile f", kSecondary);
    CHECK(sync.duration("splay") == seconds{300});
    CHECK(sync.duration("max-age") == seconds{86'400});
    CHECK(sync.has("dry-run"));
}

TEST_CASE("words of other servers' control programs are understood", "[config]") {
    const struct {
        const char* line;
        Verb expected;
    } rows[] = {
        {"zonestatus a.test", Verb::status},
        {"zone-status a.test", Verb::status},
        {"transfer a.test", Verb::refresh},
        {"zone-refresh a.test", Verb::refresh},
        {"force_transfer a.test", Verb::retransfer},
        {"zone-retransfer a.test", Verb::retransfer},
        {"zone-notify a.test", Verb::notify},
        {"reconfig", Verb::reload},
        {"zone-freeze a.test", Verb::freeze},
        {"unfreeze a.test", Verb::thaw},
        {"zone-thaw a.test", Verb::thaw},
        {"conf-check", Verb::check},
        {"zone-diff a.test", Verb::diff},
        {"zone-read a.test", Verb::export_zone},
    };
    for (const auto& row : rows) {
        DYNAMIC_SECTION(row.line) {
            CHECK(accepted(row.line, kSecondary).verb == row.expected);
        }
    }
}

TEST_CASE("every verb has help with an example that parses", "[config]") {
    for (const VerbRow& row : verb_table()) {
        DYNAMIC_SECTION(row.word) {
            CHECK(find_verb(row.word) == &row);
            CHECK(help_text(kSecondary).find(row.word) != std::string::npos);
            CHECK(help_text(kSecondary, row.verb).find("Examples\n") != std::string::npos);
            std::istringstream examples{std::string{row.examples}};
            for (std::string line; std::getline(examples, line);) {
                CHECK(accepted(line, kSecondary).verb == row.verb);
            }
            for (const VerbOption& option : row.options) {
                CHECK(find_option(row, option.name) == &option);
                CHECK_FALSE(option.help.empty());
                CHECK(option.value.empty() == (option.kind == ValueKind::flag));
            }
        }
    }
}

TEST_CASE("--web goes with a file and without one", "[config]") {
    const auto config = config_from(
        "serve --listen ::1 --store /s --zone a.test=f --web 127.0.0.1@8080 --web ::1", kPrimary);
    REQUIRE(config);
    REQUIRE(config->web.size() == 2);
    CHECK(config->web[0].to_text() == "127.0.0.1@8080");
    CHECK(config->web[1].to_text() == "::1@10353");
    const auto wrong =
        config_from("serve --listen ::1 --store /s --zone a.test=f --web here", kPrimary);
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().detail() == "--web: 'here' is no address; write ADDRESS@PORT");
}

TEST_CASE("an option without its value, or twice, is refused", "[config]") {
    for (const char* line : {"serve -c", "serve --store", "serve --listen",
                             "serve --store a --store b", "serve --json=maybe"}) {
        DYNAMIC_SECTION(line) {
            CHECK(parsed(line, kPrimary).error().code() == Errc::usage);
        }
    }
}

TEST_CASE("a primary is configured by options alone", "[config]") {
    const auto config = config_from(
        "serve --listen 127.0.0.1@5300 --listen ::1 --store /s --zone example.test=/z/db=1 "
        "--zone .=root --zones-dir /zones --notify 127.0.0.1@5301 --allow-transfer 127.0.0.0/8 "
        "--allow-transfer ::1 -v",
        kPrimary);
    REQUIRE(config);
    CHECK(config->role == kPrimary);
    CHECK(config->file.empty());
    REQUIRE(config->listen.size() == 2);
    CHECK(config->listen[1].to_text() == "::1@53");
    CHECK(config->store_path == "/s");
    CHECK(config->control_socket == "/s/control.sock");
    CHECK(config->log.level == "debug");
    REQUIRE(config->zones.size() == 2);
    CHECK(config->zones[0].source_file() == "/z/db=1");
    CHECK(config->zones[1].name.to_text() == ".");
    REQUIRE(config->zones[0]->notify.size() == 1);
    CHECK(config->zones[0]->notify[0]->addresses[0].to_text() == "127.0.0.1@5301");
    REQUIRE(config->zones[0]->allow_transfer.size() == 2);
    CHECK(config->zones[0]->allow_transfer[0].addresses[0].to_text() == "127.0.0.0/8");
    REQUIRE(config->directories.size() == 1);
    CHECK(config->directories[0].path == "/zones");
    CHECK(config->directories[0].settings->allow_transfer.size() == 2);
}

TEST_CASE("a secondary is configured by options alone", "[config]") {
    const auto config = config_from(
        "serve --listen 127.0.0.1@5301 --store /s --zone example.test --zone 0/1.test "
        "--primary 127.0.0.1@5300 --primary 192.0.2.1 --output-dir /out --notify 127.0.0.1@5300 "
        "--control /run/c.sock -q",
        kSecondary);
    REQUIRE(config);
    REQUIRE(config->zones.size() == 2);
    const Zone& zone = config->zones[1];
    CHECK(zone->primaries.size() == 2);
    CHECK(zone->primaries[1]->addresses[0].to_text() == "192.0.2.1@53");
    CHECK(zone->notify[0] == zone->primaries[0]);
    CHECK(zone->output.mode == OutputMode::file);
    CHECK(zone.output_path() == "/out/0%2F1.test.zone");
    REQUIRE(zone->allow_notify.size() == 2);
    CHECK(zone->allow_notify[0].addresses[0].to_text() == "127.0.0.1");
    CHECK(config->control_socket == "/run/c.sock");
    CHECK(config->log.level == "notice");
}

TEST_CASE("sync needs no address to listen on", "[config]") {
    const auto config =
        config_from("sync --store /s --zone a.test --primary 192.0.2.1", kSecondary);
    REQUIRE(config);
    CHECK(config->listen.empty());
    CHECK(config->zones[0].output().mode == OutputMode::none);
}

TEST_CASE("a key file signs everything", "[config]") {
    const test::TemporaryFolder folder;
    const std::string key =
        folder.file("k.key", "key k1 { algorithm hmac-sha256; secret c2VjcmV0; };");
    const auto config =
        config_from("serve --listen ::1 --store /s --zone a.test=f --key-file " + key +
                        " --notify ::1 --allow-transfer ::1 --allow-transfer key:K1.",
                    kPrimary);
    REQUIRE(config);
    const Zone& zone = config->zones[0];
    REQUIRE(zone->notify[0]->key);
    CHECK(zone->notify[0]->key->name().to_text() == "k1.");
    CHECK(zone->allow_transfer[0].key == zone->notify[0]->key);
    CHECK(zone->allow_transfer[1].key == zone->notify[0]->key);
    CHECK(zone->allow_transfer[1].addresses.empty());
    CHECK(config->keys.find(zone->notify[0]->key->name().view()));
}

TEST_CASE("options without a file say what is missing or wrong", "[config]") {
    const test::TemporaryFolder folder;
    const std::string plain = folder.file("plain.key", "c2VjcmV0");
    const std::string primary = "serve --listen ::1 --store /s --zone a.test=f ";
    const struct {
        std::string line;
        Role role;
        std::string expected;
    } rows[] = {
        {"serve --zone a.test=f --listen ::1", kPrimary,
         "without a configuration file, --store DIR is needed"},
        {"serve --zone a.test=f --store /s", kPrimary,
         "without a configuration file, --listen ADDRESS is needed"},
        {"serve --listen ::1 --store /s", kPrimary,
         "without a configuration file, --zone NAME=FILE or --zones-dir DIR is needed"},
        {"sync --store /s --primary ::1", kSecondary,
         "without a configuration file, --zone NAME is needed"},
        {"sync --store /s --zone a.test", kSecondary,
         "without a configuration file, --primary ADDRESS is needed"},
        {"serve --listen ::1 --store /s --zone a.test", kPrimary, "--zone a.test: write NAME=FILE"},
        {primary + "--zone A.test=g", kPrimary, "--zone A.test=g: given twice"},
        {primary + "--listen here", kPrimary, "--listen: 'here' is no address; write ADDRESS@PORT"},
        {primary + "--notify ::1@0", kPrimary, "--notify: nobody can be reached at port 0"},
        {primary + "--allow-transfer all", kPrimary,
         "--allow-transfer: 'all' is no IPv4 or IPv6 address"},
        {primary + "--allow-transfer key:k1", kPrimary,
         "--allow-transfer key:k1: no such key in --key-file"},
        {primary + "--key-file /nowhere", kPrimary,
         "cannot read /nowhere: No such file or directory"},
        {primary + "--key-file " + plain, kPrimary,
         "key file " + plain +
             " names no key; it has to be as BIND writes it: key \"NAME\" { … };"},
        {"serve -c /nowhere", kPrimary, "cannot read /nowhere: No such file or directory"},
    };
    for (const auto& row : rows) {
        // The line may hold the folder's name, which is another one in each run.
        DYNAMIC_SECTION("row " << (&row - rows)) {
            const auto config = config_from(row.line, row.role);
            REQUIRE_FALSE(config);
            CHECK(config.error().detail() == row.expected);
            CHECK(exit_code_of(config.error().code()) == ExitCode::usage);
        }
    }
}

TEST_CASE("a configuration file takes -v and --control on top", "[config]") {
    const test::TemporaryFolder folder;
    const std::string file =
        folder.file("c.yaml", "version: 1\nserver: { listen: [] }\nzones: []\n");
    const auto config = config_from("serve -c " + file + " -qq --control /x", kSecondary);
    REQUIRE(config);
    CHECK(config->log.level == "warning");
    CHECK(config->control_socket == "/x");
}

TEST_CASE("the control socket is found without reading the whole configuration", "[config]") {
    const test::TemporaryFolder folder;
    const std::string file = folder.file("c.yaml", "control: { socket: /run/c.sock }\n");
    const auto socket = [](const std::string& line) {
        return control_socket_of(accepted(line, kSecondary), kSecondary);
    };
    CHECK(*socket("status --control /x") == "/x");
    CHECK(*socket("status --store /s") == "/s/control.sock");
    CHECK(*socket("status -c " + file) == "/run/c.sock");
    CHECK(*socket("status -c " + file + " --control /x") == "/x");
    CHECK_FALSE(socket("status -c /nowhere"));
}

TEST_CASE("exit codes say whose turn it is", "[config]") {
    CHECK(exit_code_of(Errc::config_invalid) == ExitCode::usage);
    CHECK(exit_code_of(Errc::store_locked) == ExitCode::locked);
    CHECK(exit_code_of(Errc::peer_unreachable) == ExitCode::some_failed);
}

}  // namespace
}  // namespace twinzone::config
