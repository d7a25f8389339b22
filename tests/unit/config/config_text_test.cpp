// A configuration written and read again is the same one.
#include "common/config/config_text.h"

#include <fmt/format.h>

#include "common/config/command_line.h"
#include "common/config/loader.h"
#include "common/config/schema.h"
#include "tests/support/catch.h"
#include "tests/unit/config/temporary_folder.h"

namespace twinzone::config {
namespace {

// Has every key that a primary may have.
const std::string kWhole = R"(
version: 1
server:
  listen: [127.0.0.1@5300, "[2001:db8::1]:5300"]
  listen-tls: [127.0.0.1@853]
  tls: t1
  user: _twinzone
  threads: 3
  proxy-from: [10.0.0.0/8, "2001:db8::/32"]
  nsid: "ns1 of example"
store:
  path: "/srv/a store"
  max-size: 2T
  shared: { postgresql: "host=db user='a b'", name: ns1, take-over: 7s, max-versions: 9K,
    max-size: 2G, max-age: 3d }
control: { socket: /run/p.sock, group: dns }
web:     { listen: 127.0.0.1@10353 }
log:     { target: syslog, level: warning, format: json }
keys:
  - { name: k1., algorithm: hmac-sha512, secret: "c2VjcmV0IHNlY3JldA==" }
  - { name: k2., secret-file: keys/k2 }
tls:
  - { name: t1, cert: /c, key: /k, ca: /a, server-name: ns1.test, client-name: ns2.test }
  - { name: t2, pin: ["sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="] }
remotes:
  - { name: ns1, addresses: [192.0.2.1@5353, 2001:db8::2], tls: t2 }
  - { name: ns2, addresses: [192.0.2.2], via: 192.0.2.9, key: k1. }
limits: { zone-records: 7M, zone-bytes: 3G, transfers-in: 1, transfers-out: 2, per-remote: 3,
  transfer-time: 4h, transfer-idle: 5s, min-rate: 0, soa-rate: 7, notify-rate: 8, tcp-clients: 9, tcp-idle: 10 }
templates:
  - name: followed
    source: { transfer: [ns1, ns2] }
    on-lower-serial: adopt
    notify: [ns2]
    allow-transfer: [ns2, { address: [10.0.0.0/8], key: k1. }, { address: [::1], tls: t1 }, { key: k2. }]
    allow-notify: [ns1, { address: [192.0.2.7] }]
    journal: { max-versions: 2000, max-size: 64M }
    refresh: { min: 31s, max: 2d }
    retry: { min: 6s, max: 1h }
    expire: { min: 3h }
    verify-interval: 1d
    zonemd: require
    dnssec: verify
    guard: { max-delete: 20%, min-records: 5 }
    hooks: [ { on: [committed, failed, held, expired], exec: [/bin/tell, "a \"b\" c"], timeout: 90s } ]
  - name: default
    source: { file: "/srv/50%% zones/%s.zone" }
    serial-policy: date
    journal: { max-size: 0 }
zones:
  - { zone: Example.Test, template: followed }
  - { zone: "0/25.2.0.192.in-addr.arpa" }
  - { zone: "odd\\000\"\\.label.test" }
  - { zone: ".", source: { file: "/srv/root 100%%" } }
)";

Config loaded(const std::string& text) {
    Result<Config> config = load_text(text, "t.yaml", Role::primary);
    INFO(text);
    INFO((config ? "" : config.error().detail()));
    REQUIRE(config);
    return std::move(*config);
}

// kWhole with its key file in the folder.
Config whole(const test::TemporaryFolder& folder) {
    std::string text = kWhole;
    text.replace(text.find("keys/k2"), 7, folder.file("k2", "c2VjcmV0IHNlY3JldA==\n"));
    Result<Config> config = load_file(folder.file("whole.yaml", text), Role::primary);
    INFO((config ? "" : config.error().detail()));
    REQUIRE(config);
    return std::move(*config);
}

}  // namespace

TEST_CASE("a configuration reads back as it was written", "[config]") {
    const test::TemporaryFolder folder;
    const Config config = whole(folder);
    const Result<std::vector<KeyEntry>> keys = key_entries(config);
    REQUIRE(keys);
    REQUIRE(keys->size() == 2);
    CHECK((*keys)[0].secret == "c2VjcmV0IHNlY3JldA==");
    CHECK((*keys)[1].secret_file == folder.path("k2"));

    const ConfigText text = config_text(config, *keys, "");
    CHECK(text.zones_list.empty());
    const Config again = loaded(text.yaml);
    CHECK(config_text(again, *keys, "").yaml == text.yaml);

    REQUIRE(again.zones.size() == 4);
    CHECK(again.listen == config.listen);
    CHECK(again.web == config.web);
    CHECK(again.store_path == "/srv/a store");
    CHECK(again.shared == config.shared);
    CHECK(again.shared->take_over == seconds{7});
    CHECK(again.limits.min_rate == 0);
    CHECK(again.limits.zone_bytes == std::uint64_t{3} << 30);
    for (std::size_t i = 0; i < again.zones.size(); ++i) {
        CHECK(again.zones[i].name == config.zones[i].name);
        CHECK(again.zones[i].source_file() == config.zones[i].source_file());
    }
    CHECK(again.tls.at(1)->pins == config.tls.at(1)->pins);
    CHECK(again.server_tls == again.tls[0]);
    CHECK(again.remotes[0]->tls == again.tls[1]);
    const Zone& followed = again.zones[0];
    CHECK(followed->allow_transfer[2].tls == again.tls[0]);
    CHECK(followed.is_followed());
    CHECK(followed->allow_transfer.size() == 4);
    CHECK(followed->allow_transfer[3].key->name() == *dns::Name::from_text("k2."));
    CHECK(followed->allow_notify.size() == 2);
    CHECK(followed->journal.max_bytes == std::uint64_t{64} << 20);
    CHECK(followed->refresh.max == hours{48});
    CHECK(followed->hooks[0].exec == config.zones[0]->hooks[0].exec);
    CHECK(followed->guard->max_delete_percent == 20);
    CHECK(again.zones[1]->serial_policy == SerialPolicy::date);
    CHECK(again.zones[1]->journal.max_share_percent == 0);
}

// What a reader knows and the writer does not would be lost without a word.
TEST_CASE("every key of a primary is written", "[config]") {
    const test::TemporaryFolder folder;
    const Config config = whole(folder);
    const std::string yaml = config_text(config, *key_entries(config), "").yaml;
    for (const Schema& schema : kSchemas) {
        for (const KeySpec& key : schema.keys) {
            const bool is_read = key.use == KeyUse::both || key.use == KeyUse::primary_only;
            const bool names_many = key.name == "zones-file" || key.name == "directory" ||
                                    key.name == "catalogs" || schema.where == kCatalogSchema.where;
            if (is_read && !names_many && schema.where != kOutputSchema.where) {
                INFO(schema.where << " has the key " << key.name);
                CHECK(kWhole.find(std::string{key.name} + ":") != std::string::npos);
                CHECK(yaml.find(std::string{key.name} + ":") != std::string::npos);
            }
        }
    }
}

TEST_CASE("defaults are not written", "[config]") {
    const Config config = loaded(
        "version: 1\nserver: { listen: [::1@53] }\nzones: [ { zone: a., source: { file: /a } } ]");
    const std::string yaml = config_text(config, {}, "").yaml;
    for (const char* key : {"limits", "keys", "remotes", "web", "journal", "guard", "hooks"}) {
        CHECK_THAT(yaml, !Catch::Contains(key));
    }
}

TEST_CASE("very many zones are a list of their own, with their templates", "[config]") {
    const test::TemporaryFolder folder;
    Config config = loaded(
        "version: 1\nserver: { listen: [::1@53] }\nzones: [ { zone: a., source: { file: /a } } ]");
    for (std::size_t i = 0; i < kMaxWrittenZones; ++i) {
        Zone zone;
        zone.name = *dns::Name::from_text(fmt::format("z{}.test", i));
        zone.edit().source_file = fmt::format("/srv/z{}.test.zone", i);
        config.zones.push_back(zone);
    }
    const ConfigText text = config_text(config, {}, folder.path("zones.list"));
    static_cast<void>(folder.file("zones.list", text.zones_list));
    const Config again = loaded(text.yaml);
    REQUIRE(again.zones.size() == config.zones.size());
    CHECK(again.zones.front().source_file() == "/a");
    CHECK(again.zones.back().source_file() == config.zones.back().source_file());
}

TEST_CASE("what the command line said can be written as a file", "[config]") {
    const test::TemporaryFolder folder;
    const std::string key = folder.file(
        "k.key", "key \"k1.\" { algorithm hmac-sha256; secret \"c2VjcmV0IHNlY3JldA==\"; };\n");
    const std::vector<std::string> words = {
        "serve",     "--store",    "/s",        "--listen",         "::1@5300",
        "--zone",    "a.test",     "--primary", "::1@53",           "--notify",
        "192.0.2.1", "--key-file", key,         "--allow-transfer", "key:k1."};
    const Result<CommandLine> line = parse_command_line(words, Role::secondary);
    REQUIRE(line);
    Result<Config> config = config_of(*line, Role::secondary);
    REQUIRE(config);
    config->role = Role::primary;
    const Result<std::vector<KeyEntry>> keys = key_entries(*config);
    REQUIRE(keys);
    const Config again = loaded(config_text(*config, *keys, "").yaml);
    REQUIRE(again.zones.size() == 1);
    REQUIRE(again.zones[0]->primaries.size() == 1);
    CHECK(again.zones[0]->primaries[0]->addresses == config->zones[0]->primaries[0]->addresses);
    CHECK(again.zones[0]->primaries[0]->key->name() == *dns::Name::from_text("k1."));
    CHECK(again.zones[0]->notify[0]->addresses[0].to_text() == "192.0.2.1@53");
}

}  // namespace twinzone::config
