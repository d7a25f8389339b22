// Right hand-overs, guards, hooks, relays and web addresses: what becomes of them.
#include <string>

#include <fmt/format.h>

#include "tests/unit/config/error_rows.h"

namespace twinzone::config {
namespace {

using test::kHead;

Config loaded(const std::string& text, Role role) {
    Result<Config> config = load_text(text, "t.yaml", role);
    INFO((config ? "" : config.error().detail()));
    REQUIRE(config);
    return std::move(*config);
}

const std::string kRemotes =
    "remotes: [{ name: ns1, addresses: [192.0.2.1] }, { name: nsd, addresses: [127.0.0.1@54] }]\n";

TEST_CASE("the loader reads a hand-over to a server that follows us", "[config]") {
    const Config config = loaded(
        kHead + kRemotes +
            "templates: [{ name: default, primaries: [ns1], output: { mode: loopback, verify: nsd, "
            "timeout: 5s } }]\n"
            "zones: [{ zone: a.test }, { zone: b.test, output: { mode: loopback, verify: "
            "\"::1\" } }, { zone: c.test, output: { mode: none } }]\n",
        Role::secondary);
    const Output& a = config.zones[0].output();
    CHECK(a.mode == OutputMode::loopback);
    REQUIRE(a.verify);
    CHECK(a.verify->name == "nsd");
    CHECK(a.verify->addresses[0].to_text() == "127.0.0.1@54");
    CHECK(a.verify_timeout == seconds{5});
    const Output& b = config.zones[1].output();
    CHECK(b.verify->addresses[0].to_text() == "::1@53");
    CHECK(b.verify_timeout == seconds{30});
    CHECK(config.zones[2].output().mode == OutputMode::none);
    CHECK(config.zones[2].output().verify == nullptr);
}

TEST_CASE("the loader reads a hand-over by file", "[config]") {
    const Config config = loaded(
        kHead + kRemotes +
            "templates: [{ name: default, primaries: [ns1], output: { mode: file, path: "
            "/z/%s.zone, "
            "reload: bind, verify: 127.0.0.1@5353, command: [rndc, -c, /etc/r.conf] } }]\n"
            "zones: [{ zone: a.test }, { zone: b.test, output: { mode: file, path: /y/%s } }]\n",
        Role::secondary);
    const Output& a = config.zones[0].output();
    CHECK(a.mode == OutputMode::file);
    CHECK(a.path == "/z/a.test.zone");
    CHECK(a.reload == ReloadKind::bind);
    CHECK(a.command == std::vector<std::string>{"rndc", "-c", "/etc/r.conf"});
    CHECK(a.verify->addresses[0].to_text() == "127.0.0.1@5353");
    const Output& b = config.zones[1].output();
    CHECK(b.path == "/y/b.test");
    CHECK(b.reload == ReloadKind::none);
    CHECK(b.command.empty());
    CHECK(b.verify == nullptr);
}

TEST_CASE("every word of reload has its meaning", "[config]") {
    struct Row {
        const char* word;
        ReloadKind kind;
    };
    const Row rows[] = {{"none", ReloadKind::none},      {"bind", ReloadKind::bind},
                        {"nsd", ReloadKind::nsd},        {"knot", ReloadKind::knot},
                        {"pdns", ReloadKind::pdns},      {"coredns", ReloadKind::coredns},
                        {"command", ReloadKind::command}};
    for (const Row& row : rows) {
        CAPTURE(row.word);
        const std::string command =
            row.kind == ReloadKind::command ? ", command: [/bin/true, \"%s\"]" : "";
        const Config config = loaded(
            fmt::format("{}{}zones: [{{ zone: a.test, primaries: [ns1], output: {{ mode: file, "
                        "path: /z, reload: {}{} }} }}]\n",
                        kHead, kRemotes, row.word, command),
            Role::secondary);
        CHECK(config.zones[0].output().reload == row.kind);
    }
}

TEST_CASE("a guard is there where it is written, and a zone changes what its template's says",
          "[config]") {
    const Config config = loaded(
        kHead +
            "templates:\n"
            "- { name: default, source: { file: db.%s }, guard: { max-delete: 20%, min-records: "
            "3K } }\n"
            "- { name: bare, source: { file: db.%s } }\n"
            "zones: [{ zone: a.test }, { zone: b.test, guard: off }, { zone: c.test, template: "
            "bare }, { zone: d.test, template: bare, guard: {} }, { zone: e.test, guard: { "
            "max-delete: 100% } }]\n",
        Role::primary);
    const auto& zones = config.zones;
    REQUIRE(zones[0]->guard);
    CHECK(zones[0]->guard->max_delete_percent == 20);
    CHECK(zones[0]->guard->min_records == 3000);
    CHECK_FALSE(zones[1]->guard);
    CHECK_FALSE(zones[2]->guard);
    REQUIRE(zones[3]->guard);
    CHECK(zones[3]->guard->max_delete_percent == 50);
    CHECK(zones[3]->guard->min_records == 10);
    REQUIRE(zones[4]->guard);
    CHECK(zones[4]->guard->max_delete_percent == 100);
    CHECK(zones[4]->guard->min_records == 3000);
}

TEST_CASE("the loader reads hooks, and a zone's take the place of its template's", "[config]") {
    const Config config = loaded(
        kHead +
            "templates: [{ name: default, source: { file: db.%s }, hooks: [ { on: [committed, "
            "failed, held, expired], exec: [/bin/x, a b], timeout: 5m }, { on: [held], exec: "
            "[/bin/y] } ] }]\n"
            "zones: [{ zone: a.test }, { zone: b.test, hooks: [] }]\n",
        Role::primary);
    const std::vector<Hook>& hooks = config.zones[0]->hooks;
    REQUIRE(hooks.size() == 2);
    CHECK(hooks[0].on == std::vector<HookEvent>{HookEvent::committed, HookEvent::failed,
                                                HookEvent::held, HookEvent::expired});
    CHECK(hooks[0].exec == std::vector<std::string>{"/bin/x", "a b"});
    CHECK(hooks[0].timeout == minutes{5});
    CHECK(hooks[1].timeout == seconds{30});
    CHECK(config.zones[1]->hooks.empty());
}

TEST_CASE("a primary's zone comes by transfer where its source says so", "[config]") {
    const Config config =
        loaded(kHead + kRemotes +
                   "templates: [{ name: default, source: { transfer: [nsd, ns1] } }]\n"
                   "zones: [{ zone: a.test }, { zone: b.test, source: { file: db } }]\n",
               Role::primary);
    const Zone& relayed = config.zones[0];
    CHECK(relayed.is_followed());
    REQUIRE(relayed->primaries.size() == 2);
    CHECK(relayed->primaries[0]->name == "nsd");
    CHECK(relayed.source_file().empty());
    CHECK(relayed->allow_notify.size() == 2);
    CHECK_FALSE(config.zones[1].is_followed());
    CHECK(config.zones[1].source_file() == "db");
    CHECK(config.zones[1]->allow_notify.empty());
}

TEST_CASE("the loader reads addresses of the web page, the socket's group and verify-interval",
          "[config]") {
    const std::string zone =
        "zones: [{ zone: a.test, source: { file: db }, verify-interval: 1d }]\n";
    const Config one = loaded(kHead + zone + "web: { listen: 127.0.0.1 }\n", Role::primary);
    REQUIRE(one.web.size() == 1);
    CHECK(one.web[0].to_text() == "127.0.0.1@10353");
    CHECK(one.zones[0]->verify_interval == hours{24});
    const Config two = loaded(kHead + zone +
                                  "web: { listen: [127.0.0.1@80, \"::1\"] }\n"
                                  "control: { group: staff }\n",
                              Role::primary);
    REQUIRE(two.web.size() == 2);
    CHECK(two.web[1].to_text() == "::1@10353");
    CHECK(two.control_group == "staff");
    CHECK(loaded(kHead + "zones: [{ zone: a.test, source: { file: db } }]\n", Role::primary)
              .zones[0]
              ->verify_interval == seconds{0});
}

}  // namespace
}  // namespace twinzone::config
