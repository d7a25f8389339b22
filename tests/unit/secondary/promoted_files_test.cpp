#include "secondary/promoted_files.h"

#include <algorithm>

#include "common/config/loader.h"
#include "tests/support/catch.h"

namespace twinzone::secondary {

namespace {

constexpr const char* kSecondary = R"(
version: 1
server: { listen: [192.0.2.2@53] }
store: { path: /srv/store }
remotes:
  - { name: ns1, addresses: [192.0.2.1] }
  - { name: ns3, addresses: [192.0.2.3] }
  - { name: beside, addresses: [127.0.0.1@5353] }
templates:
  - { name: default, primaries: [ns1], notify: [ns3], allow-transfer: [ns3], output: { mode: file, path: /srv/%s } }
  - { name: loopback, primaries: [ns1], output: { mode: loopback, verify: beside } }
  - { name: other, primaries: [ns1], output: { mode: loopback, verify: 127.0.0.1@5454 } }
zones:
  - { zone: a.test }
  - { zone: b.test }
  - { zone: c.test, template: loopback }
  - { zone: d.test, template: other }
)";

config::Config secondary() {
    Result<config::Config> config =
        config::load_text(kSecondary, "secondary.yaml", config::Role::secondary);
    INFO((config ? "" : config.error().detail()));
    REQUIRE(config);
    return std::move(*config);
}

bool all_but_b(const dns::Name& zone) {
    return zone.to_text() != "b.test.";
}

}  // namespace

TEST_CASE("a promoted zone comes from its file, the others are followed as before", "[secondary]") {
    const config::Config before = secondary();
    const config::Config primary = primary_config(before, all_but_b, "/srv/promoted");
    CHECK(primary.role == config::Role::primary);
    CHECK(primary.listen == before.listen);
    CHECK(primary.store_path == "/srv/store");
    CHECK(primary.control_socket == "/run/twinzone/primary.sock");
    REQUIRE(primary.zones.size() == 4);
    CHECK(primary.zones[0].source_file() == "/srv/promoted/a.test.zone");
    CHECK_FALSE(primary.zones[0].is_followed());
    CHECK(primary.zones[0]->notify == before.zones[0]->notify);
    CHECK(primary.zones[1]->primaries == before.zones[1]->primaries);
    for (const config::Zone& zone : primary.zones) {
        CHECK(zone->output.mode == config::OutputMode::none);
    }
}

TEST_CASE("the server beside that follows the secondary hears of new versions from the primary too",
          "[secondary]") {
    const config::Config primary = primary_config(secondary(), all_but_b, "/srv/promoted");
    REQUIRE(primary.zones[2]->notify.size() == 1);
    CHECK(primary.zones[2]->notify[0]->name == "beside");
    REQUIRE(primary.zones[3]->notify.size() == 1);
    CHECK(std::count(primary.remotes.begin(), primary.remotes.end(), primary.zones[3]->notify[0]) ==
          1);
}

TEST_CASE("a secondary that listens nowhere becomes a primary on this machine alone",
          "[secondary]") {
    config::Config quiet = secondary();
    quiet.listen.clear();
    const config::Config primary = primary_config(quiet, all_but_b, "/srv/promoted");
    REQUIRE(primary.listen.size() == 1);
    CHECK(primary.listen[0].to_text() == "127.0.0.1@5300");
    const std::vector<std::string> notes = notes_on(quiet, "/srv/promoted");
    CHECK(std::any_of(notes.begin(), notes.end(), [](const std::string& note) {
        return note.find("server.listen") != std::string::npos;
    }));
}

}  // namespace twinzone::secondary
