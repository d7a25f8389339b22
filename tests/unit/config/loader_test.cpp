// Right configurations: what becomes of them.
#include "common/config/loader.h"

#include <string>

#include "common/config/zone_directory.h"
#include "tests/support/catch.h"
#include "tests/unit/config/temporary_folder.h"

namespace twinzone::config {
namespace {

Config loaded(const std::string& text, Role role) {
    Result<Config> config = load_text(text, "t.yaml", role);
    INFO((config ? "" : config.error().detail()));
    REQUIRE(config);
    return std::move(*config);
}

dns::Name name(const char* text) {
    return *dns::Name::from_text(text);
}

// The example of the contract, as far as this version reads it.
const std::string kPrimaryExample = R"(
version: 1
server:   { listen: [127.0.0.1@5300, "[2001:db8::1]:5300", 192.0.2.7:54, ::1] }
store:    { path: /srv/store, max-size: 2T }
control:  { socket: /run/p.sock }
log:      { target: syslog, level: warning, format: json }
keys:     [ { name: k1., algorithm: hmac-sha256, secret: c2VjcmV0IHNlY3JldA== } ]
remotes:
  - { name: ns1, addresses: [192.0.2.1@5353] }
  - { name: ns2, addresses: [192.0.2.2@53, 2001:db8::2], key: K1 }
limits:
  zone-records: 7M
  zone-bytes: 3G
  transfers-in: 1
  transfers-out: 2
  per-remote: 3
  transfer-time: 4h
  transfer-idle: 5s
  min-rate: 6K
  soa-rate: 7
  notify-rate: 8
  tcp-clients: 9
  tcp-idle: 10
templates:
  - name: default
    source: { file: /etc/bind/db.%s }
    serial-policy: increment
    notify: [ns2]
    allow-transfer: [ns2, { address: [10.0.0.0/8], key: k1. }, { address: [::1] }]
    allow-notify: [ns1]
    journal: { max-versions: 2K, max-size: 150% }
    refresh: { min: 31s, max: 2d }
    retry: { min: 6s }
    expire: { min: 3h }
    zonemd: verify
    dnssec: verify
  - name: reverse
    source: { directory: /etc/bind/reverse }
    journal: { max-size: 64M }
zones:
  - { zone: Example.Test }
  - { zone: 2.0.192.in-addr.arpa, template: reverse, serial-policy: date }
  - { zone: ".", notify: [], source: { file: root.hints } }
)";

TEST_CASE("the loader reads every key of a primary", "[config]") {
    const Config config = loaded(kPrimaryExample, Role::primary);
    CHECK(config.role == Role::primary);
    CHECK(config.file == "t.yaml");
    std::string listen;
    for (const Endpoint& endpoint : config.listen) {
        listen += endpoint.to_text() + " ";
    }
    CHECK(listen == "127.0.0.1@5300 2001:db8::1@5300 192.0.2.7@54 ::1@53 ");
    CHECK(config.store_path == "/srv/store");
    CHECK(config.store_max_bytes == std::uint64_t{2} << 40);
    CHECK(config.control_socket == "/run/p.sock");
    CHECK(config.log.target == "syslog");
    CHECK(config.log.level == "warning");
    CHECK(config.log.json);
    REQUIRE(config.remotes.size() == 2);
    CHECK(config.remotes[1]->addresses[1].to_text() == "2001:db8::2@53");
    REQUIRE(config.remotes[1]->key);
    CHECK(config.remotes[1]->key == config.keys.find(name("k1.").view()));
    CHECK_FALSE(config.remotes[0]->key);
    CHECK(config.directories.size() == 1);
    CHECK(config.directories[0].path == "/etc/bind/reverse");
    CHECK(config.directories[0].settings->journal.max_bytes == std::uint64_t{64} << 20);
}

TEST_CASE("the loader reads every limit", "[config]") {
    const Limits limits = loaded(kPrimaryExample, Role::primary).limits;
    CHECK(limits.zone_records == 7'000'000);
    CHECK(limits.zone_bytes == std::uint64_t{3} << 30);
    CHECK(limits.transfers_in == 1);
    CHECK(limits.transfers_out == 2);
    CHECK(limits.per_remote == 3);
    CHECK(limits.transfer_time == hours{4});
    CHECK(limits.transfer_idle == seconds{5});
    CHECK(limits.min_rate == std::uint64_t{6} * 1024);
    CHECK(limits.soa_rate == 7);
    CHECK(limits.notify_rate == 8);
    CHECK(limits.tcp_clients == 9);
    CHECK(limits.tcp_idle == seconds{10});
}

TEST_CASE("a zone starts from its template and has the last word", "[config]") {
    const Config config = loaded(kPrimaryExample, Role::primary);
    REQUIRE(config.zones.size() == 3);
    const Zone& first = config.zones[0];
    CHECK(first.name == name("example.test."));
    CHECK(first.source_file() == "/etc/bind/db.example.test");
    CHECK(first->serial_policy == SerialPolicy::increment);
    REQUIRE(first->notify.size() == 1);
    CHECK(first->notify[0]->name == "ns2");
    REQUIRE(first->allow_transfer.size() == 3);
    CHECK(first->allow_transfer[0].addresses.size() == 2);
    CHECK(first->allow_transfer[0].addresses[1].to_text() == "2001:db8::2");
    CHECK(first->allow_transfer[0].key == config.remotes[1]->key);
    CHECK(first->allow_transfer[1].addresses[0].to_text() == "10.0.0.0/8");
    CHECK(first->allow_transfer[1].key == config.remotes[1]->key);
    CHECK_FALSE(first->allow_transfer[2].key);
    CHECK(first->allow_notify.size() == 1);
    CHECK(first->journal.max_versions == 2000);
    CHECK(first->journal.max_bytes == 0);
    CHECK(first->journal.max_share_percent == 150);
    CHECK(first->refresh.min == seconds{31});
    CHECK(first->refresh.max == hours{48});
    CHECK(first->retry.min == seconds{6});
    CHECK(first->retry.max == hours{2});
    CHECK(first->expire_min == hours{3});

    // A named template starts from the built-in values, not from `default`.
    const Zone& second = config.zones[1];
    CHECK(second.source_file() == "/etc/bind/reverse/2.0.192.in-addr.arpa.zone");
    CHECK(second->serial_policy == SerialPolicy::date);
    CHECK(second->notify.empty());
    CHECK(second->allow_transfer.empty());
    CHECK(second->journal.max_versions == 1000);

    const Zone& third = config.zones[2];
    CHECK(third.name == dns::Name{});
    CHECK(third.source_file() == "root.hints");
    CHECK(third->notify.empty());
    CHECK(third->allow_transfer.size() == 3);
}

const std::string kSecondaryExample = R"(
version: 1
server: { listen: [] }
keys: [ { name: k1, secret: c2VjcmV0IHNlY3JldA== } ]
remotes: [ { name: ns1, addresses: [192.0.2.1, 192.0.2.9], key: k1 } ]
templates:
  - name: default
    primaries: [ns1]
    on-lower-serial: adopt
    output: { mode: file, path: "/zones/%s.zone" }
  - { name: quiet, primaries: [ns1], allow-notify: [] }
zones: [ { zone: 0/25.2.0.192.in-addr.arpa }, { zone: a.test, template: quiet } ]
)";

TEST_CASE("the loader reads the keys of a secondary", "[config]") {
    const Config config = loaded(kSecondaryExample, Role::secondary);
    CHECK(config.listen.empty());
    CHECK(config.store_path == "/var/lib/twinzone/secondary");
    CHECK(config.store_max_bytes == std::uint64_t{1} << 40);
    CHECK(config.control_socket == "/run/twinzone/secondary.sock");
    CHECK(config.log.target == "stderr");
    REQUIRE(config.zones.size() == 2);
    const Zone& zone = config.zones[0];
    CHECK(zone->primaries == std::vector<RemotePtr>{config.remotes[0]});
    CHECK(zone->on_lower_serial == OnLowerSerial::adopt);
    CHECK(zone->output.mode == OutputMode::file);
    CHECK(zone.output_path() == "/zones/0%2F25.2.0.192.in-addr.arpa.zone");
}

TEST_CASE("NOTIFY is taken from the primaries unless the zone says otherwise", "[config]") {
    const Config config = loaded(kSecondaryExample, Role::secondary);
    const Zone& zone = config.zones[0];
    REQUIRE(zone->allow_notify.size() == 1);
    CHECK(zone->allow_notify[0].addresses.size() == 2);
    CHECK(zone->allow_notify[0].key == config.remotes[0]->key);
    CHECK(config.zones[1]->allow_notify.empty());
    CHECK(config.zones[1].output().mode == OutputMode::none);
}

TEST_CASE("a zones file has a zone a line", "[config]") {
    const test::TemporaryFolder folder;
    const std::string list = folder.file("zones.list",
                                         "# all of them\r\n"
                                         "a.test\n"
                                         "\n"
                                         "  b.test\tquiet   # with a template\n"
                                         "c.test. # without\n"
                                         "d.test");
    std::string text = kSecondaryExample.substr(0, kSecondaryExample.find("zones: ["));
    const Config config = loaded(text + "zones-file: " + list + "\n", Role::secondary);
    std::string names;
    for (const Zone& zone : config.zones) {
        names += zone.name.to_text() + (zone->allow_notify.empty() ? " quiet " : " ");
    }
    CHECK(names == "a.test. b.test. quiet c.test. d.test. ");
}

TEST_CASE("errors of a zones file have their own place", "[config]") {
    const test::TemporaryFolder folder;
    const std::string list = folder.file("l",
                                         "a.test\n"
                                         "b..test\n"
                                         "c.test  quite\n"
                                         "d.test quiet now\n"
                                         "A.TEST\n");
    const std::string text = kSecondaryExample.substr(0, kSecondaryExample.find("zones: ["));
    const auto config = load_text(text + "zones-file: " + list + "\n", "t.yaml", Role::secondary);
    REQUIRE_FALSE(config);
    CHECK(config.error().code() == Errc::config_invalid);
    CHECK(config.error().detail() ==
          list + ":2:1: 'b..test' is no domain name: empty label\n  b..test\n  ^\n" + list +
              ":3:9: no template is named 'quite'; did you mean "
              "'quiet'?\n  c.test  quite\n          ^\n" +
              list +
              ":4:14: a line is: name [template]\n  d.test quiet now\n"
              "               ^\n" +
              list + ":5:1: zone A.TEST. is already in " + list + ":1\n  A.TEST\n  ^\n4 errors");
}

TEST_CASE("a zones file that is not there is an error at its key", "[config]") {
    const auto config = load_text("version: 1\nserver: { listen: [] }\nzones-file: /nowhere/l\n",
                                  "t.yaml", Role::secondary);
    REQUIRE_FALSE(config);
    CHECK(config.error().detail() ==
          "t.yaml:3:13: cannot read /nowhere/l: No such file or directory\n"
          "  zones-file: /nowhere/l\n"
          "              ^\n"
          "1 error");
}

TEST_CASE("a configuration file is read from disk, folders and absent files are not", "[config]") {
    const test::TemporaryFolder folder;
    const std::string path = folder.file("c.yaml", kSecondaryExample);
    const auto config = load_file(path, Role::secondary);
    REQUIRE(config);
    CHECK(config->file == path);
    CHECK(load_file(folder.path("absent"), Role::secondary).error().code() ==
          Errc::file_unreadable);
    CHECK(load_file(folder.path(), Role::secondary).error().code() == Errc::file_unreadable);
}

TEST_CASE("the control socket is found in a file that is wrong elsewhere", "[config]") {
    const test::TemporaryFolder folder;
    const std::string named = folder.file(
        "named.yaml", "control: { socket: /run/x.sock }\nkeys: [{ secret-file: /nowhere }]\n");
    CHECK(*control_socket_in(named, Role::primary) == "/run/x.sock");
    const std::string unnamed = folder.file("unnamed.yaml", "version: 1\n");
    CHECK(*control_socket_in(unnamed, Role::primary) == "/run/twinzone/primary.sock");
}

TEST_CASE("every NAME.zone of a folder is a zone", "[config]") {
    const test::TemporaryFolder folder;
    for (const char* file :
         {"a.test.zone", "@.zone", "0%2F25.test.zone", "notes.txt", ".b.test.zone", "c..test.zone",
          "A.Test.zone", "d e.test.zone", "%66.test.zone"}) {
        (void)folder.file(file, "");
    }
    ZoneSettings settings;
    settings.source_directory = folder.path();
    settings.serial_policy = SerialPolicy::date;
    const Config::Directory directory{.path = folder.path(),
                                      .settings = std::make_shared<const ZoneSettings>(settings)};
    const auto zones = zones_of(directory);
    REQUIRE(zones);
    std::string names;
    for (const Zone& zone : zones->zones) {
        names += zone.name.to_text() + "=" + zone.source_file().substr(folder.path().size()) + " ";
        CHECK(zone->serial_policy == SerialPolicy::date);
    }
    CHECK(names == "0/25.test.=/0%2F25.test.zone .=/@.zone A.Test.=/A.Test.zone ");
    CHECK(zones->skipped ==
          std::vector<std::string>{
              folder.path("%66.test.zone: the file of zone f.test. is named 'f.test'"),
              folder.path("a.test.zone: a second file of zone a.test."),
              folder.path("c..test.zone: 'c..test' is no domain name: empty label"),
              folder.path("d e.test.zone: the octet 0x20 has to be written %20")});
    CHECK_FALSE(zones_of({.path = folder.path("absent"), .settings = {}}));
}

TEST_CASE("one file of a folder is a zone by its name", "[config]") {
    ZoneSettings settings;
    settings.source_directory = "/zones";
    settings.serial_policy = SerialPolicy::date;
    const Config::Directory directory{.path = "/zones",
                                      .settings = std::make_shared<const ZoneSettings>(settings)};
    for (const char* file : {"notes.txt", ".b.test.zone", "a.test.zone.new", "a.test.zone~"}) {
        const Result<std::optional<Zone>> none = zone_in(directory, file);
        CHECK((none && !none->has_value()));
    }
    const Result<std::optional<Zone>> zone = zone_in(directory, "a.test.zone");
    REQUIRE((zone && zone->has_value()));
    CHECK((*zone)->name.to_text() == "a.test.");
    CHECK((*zone)->source_file() == "/zones/a.test.zone");
    CHECK((**zone)->serial_policy == SerialPolicy::date);
    const Result<std::optional<Zone>> wrong = zone_in(directory, "c..test.zone");
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().detail() ==
          "/zones/c..test.zone: 'c..test' is no domain name: empty label");
}

}  // namespace
}  // namespace twinzone::config
