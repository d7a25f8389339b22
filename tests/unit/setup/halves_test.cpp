#include "common/setup/halves.h"

#include <algorithm>

#include "common/config/loader.h"
#include "tests/support/catch.h"

namespace twinzone::setup {
namespace {

using config::Role;

const Bytes kSecret(32, 0x5a);

Result<Plan> plan(std::vector<std::string> words, Role role) {
    words.insert(words.begin(), "init");
    const Result<config::CommandLine> command_line = config::parse_command_line(words, role);
    return command_line ? plan_of(*command_line, role, kSecret) : fail(command_line.error());
}

Result<config::Config> ours(const Plan& plan) {
    return config::load_text(files_of(plan).front().text, "printed.yaml", plan.role);
}

constexpr const char* kServers[] = {"bind", "nsd", "knot", "pdns", "coredns"};

TEST_CASE("a primary's half follows the server beside and tells the other host", "[setup]") {
    for (const char* server : kServers) {
        DYNAMIC_SECTION(server) {
            const Result<Plan> made = plan({server, "--zone", "a.test", "--notify", "192.0.2.9@54",
                                            "--allow-transfer", "10.0.0.0/8"},
                                           Role::primary);
            REQUIRE(made);
            const Result<config::Config> config = ours(*made);
            REQUIRE(config);
            REQUIRE(config->zones.size() == 1);
            const config::Zone& zone = config->zones[0];
            CHECK(zone.name == *dns::Name::from_text("a.test"));
            REQUIRE(zone->primaries.size() == 1);
            CHECK(zone->primaries[0]->addresses[0].to_text() == "127.0.0.1@53");
            CHECK((zone->primaries[0]->key != nullptr) == made->is_signed());
            REQUIRE(zone->notify.size() == 1);
            CHECK(zone->notify[0]->addresses[0].to_text() == "192.0.2.9@54");
            CHECK(zone->allow_transfer.size() == 2);
        }
    }
}

TEST_CASE("a secondary's half follows the other host and feeds the server beside", "[setup]") {
    for (const char* server : kServers) {
        DYNAMIC_SECTION(server) {
            const Result<Plan> made =
                plan({server, "--primary", "192.0.2.8", "--primary", "2001:db8::8@54", "--server",
                      "127.0.0.1@5353", "--listen", "192.0.2.2@53", "--listen", "127.0.0.1@5301"},
                     Role::secondary);
            REQUIRE(made);
            const Result<config::Config> config = ours(*made);
            REQUIRE(config);
            REQUIRE(config->zones.size() == 1);
            const config::Zone& zone = config->zones[0];
            CHECK(zone.name == *dns::Name::from_text("example.test"));
            REQUIRE(zone->primaries.size() == 2);
            CHECK(zone->primaries[1]->addresses[0].to_text() == "2001:db8::8@54");
            CHECK(zone->output.mode == config::OutputMode::loopback);
            REQUIRE(zone->output.verify);
            CHECK(zone->output.verify->addresses[0].to_text() == "127.0.0.1@5353");
            CHECK(zone->allow_transfer.size() == 1);
            // The server is to come by loopback.
            CHECK(made->ours.to_text() == "127.0.0.1@5301");
        }
    }
}

TEST_CASE("an address that is none in particular is reached by loopback", "[setup]") {
    CHECK(plan({"bind", "--listen", "0.0.0.0@53"}, Role::primary)->ours.to_text() ==
          "127.0.0.1@53");
    CHECK(plan({"bind", "--listen", "[::]:54"}, Role::primary)->ours.to_text() == "::1@54");
    CHECK(plan({"bind", "--listen", "192.0.2.2"}, Role::primary)->ours.to_text() == "192.0.2.2@53");
}

TEST_CASE("both halves have the same key", "[setup]") {
    for (const char* server : kServers) {
        DYNAMIC_SECTION(server) {
            const Result<Plan> made = plan({server}, Role::secondary);
            REQUIRE(made);
            const std::vector<SetupFile> files = files_of(*made);
            REQUIRE(files.size() >= 2);
            const auto has_secret = [&](const SetupFile& file) {
                return file.text.find(made->key.secret) != std::string::npos;
            };
            CHECK(std::count_if(files.begin(), files.end(), has_secret) ==
                  (made->is_signed() ? 2 : 0));
        }
    }
}

TEST_CASE("the files of one text can be parted", "[setup]") {
    const std::vector<SetupFile> files = files_of(*plan({"pdns"}, Role::primary));
    const std::string text = as_one_text(files);
    std::size_t at = 0;
    for (const SetupFile& file : files) {
        const std::size_t mark = text.find(std::string{kFileMark} + file.path + "\n", at);
        REQUIRE(mark != std::string::npos);
        CHECK((mark == 0 || text[mark - 1] == '\n'));
        CHECK(text.substr(mark + kFileMark.size() + file.path.size() + 1, file.text.size()) ==
              file.text);
        at = mark + 1;
    }
}

TEST_CASE("what init cannot print right it refuses", "[setup]") {
    const std::vector<std::string> rows[] = {
        {"named"},
        {"bind", "--zone", "a..b"},
        {"bind", "--zone", "a\\032b.test"},
        {"bind", "--zone", "a.test=/x\"y"},
        {"bind", "--server", "nowhere"},
        {"bind", "--listen", "nowhere"},
        {"bind", "--notify", "192.0.2.1@99999"},
        {"bind", "--allow-transfer", "10.0.0.0/99"},
        {"bind", "--key-file", "/nowhere/k.key"},
    };
    for (const std::vector<std::string>& words : rows) {
        CAPTURE(words);
        const Result<Plan> made = plan(words, Role::primary);
        REQUIRE_FALSE(made);
        CHECK(made.error().code() == Errc::usage);
    }
}

}  // namespace
}  // namespace twinzone::setup
