// `tls`, and everything that refers to it.
#include <string>

#include "common/config/loader.h"
#include "tests/support/catch.h"

namespace twinzone::config {
namespace {

const std::string kPin = "sha256/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const std::string kZones = "zones: [{ zone: a.test, primaries: [ns1] }]\n";

std::string text_of(const std::string& server, const std::string& tls, const std::string& rest) {
    return "version: 1\nserver: { " + server + " }\ntls: [ " + tls + " ]\n" + rest;
}

std::string error_of(const std::string& text) {
    const Result<Config> config = load_text(text, "t.yaml", Role::secondary);
    return config ? "accepted"
                  : config.error().detail().substr(0, config.error().detail().find('\n'));
}

}  // namespace

TEST_CASE("the loader reads certificates and whom to believe", "[config][tls]") {
    const std::string text = text_of(
        "listen: [], listen-tls: [192.0.2.2, 192.0.2.2@8853], tls: own",
        "{ name: own, cert: /c, key: /k }, { name: t1, ca: /ca, server-name: ns1.example.net., "
        "client-name: ns2.example.net, pin: [" +
            kPin + "] }",
        "remotes: [{ name: ns1, addresses: [192.0.2.1, 192.0.2.1@9853], tls: t1 },\n"
        "          { name: ns3, addresses: [192.0.2.3], tls: own }]\n"
        "zones: [{ zone: a.test, primaries: [ns1], allow-transfer: [ns3, { tls: t1 }] }]\n");
    const Result<Config> config = load_text(text, "t.yaml", Role::secondary);
    REQUIRE(config);
    REQUIRE(config->tls.size() == 2);
    const Tls& t1 = *config->tls[1];
    CHECK(t1.ca == "/ca");
    CHECK(t1.server_name == "ns1.example.net");
    CHECK(t1.client_name == "ns2.example.net");
    REQUIRE(t1.pins.size() == 1);
    CHECK(t1.pins[0][31] == 31);
    CHECK(config->server_tls == config->tls[0]);
    REQUIRE(config->listen_tls.size() == 2);
    CHECK(config->listen_tls[0].port == 853);
    CHECK(config->listen_tls[1].port == 8853);
    const Remote& ns1 = *config->remotes[0];
    CHECK(ns1.tls == config->tls[1]);
    CHECK(ns1.addresses[0].port == 853);
    CHECK(ns1.addresses[1].port == 9853);
    CHECK(config->remotes[1]->addresses[0].port == 53);  // not asked over TLS
    REQUIRE(config->zones[0]->allow_transfer.size() == 2);
    CHECK(config->zones[0]->allow_transfer[0].tls == config->tls[0]);
    CHECK(config->zones[0]->allow_transfer[1].tls == config->tls[1]);
}

TEST_CASE("the loader says what is wrong with TLS", "[config][tls]") {
    struct Row {
        const char* name;
        std::string server;
        std::string tls;
        std::string rest;
        std::string expected;
    };
    const std::string listen = "listen: [127.0.0.1]";
    const std::string remote = "remotes: [{ name: ns1, addresses: [192.0.2.1], tls: t1 }]\n";
    const std::string none = "zones: []\n";
    const Row rows[] = {
        {"no such entry", listen, "{ name: t2, pin: [" + kPin + "] }", remote + kZones,
         "t.yaml:4:53: no tls is named 't1'; did you mean 't2'?"},
        {"a server nobody could know", listen, "{ name: t1 }", remote + kZones,
         "t.yaml:5:25: 'ns1' is asked over TLS, but tls 't1' has neither 'server-name' nor 'pin' "
         "to know it by"},
        {"a certificate without its key", listen, "{ name: t1, cert: /c }", none,
         "t.yaml:3:20: 'cert' and 'key' go together"},
        {"listening without a certificate", listen + ", listen-tls: [127.0.0.1]", "", none,
         "t.yaml:2:32: 'listen-tls' needs 'tls', the entry with our certificate"},
        {"an entry without a certificate", listen + ", listen-tls: [127.0.0.1], tls: t1",
         "{ name: t1 }", none, "t.yaml:2:62: tls 't1' has no 'cert' and 'key' to show to clients"},
        {"a pin that is none", listen, "{ name: t1, pin: [sha256/AAEC] }", none,
         "t.yaml:3:26: a pin is sha256/ and the base64 of 32 octets"},
        {"one name twice", listen, "{ name: t1 }, { name: t1 }", none,
         "t.yaml:3:30: there is already a tls 't1'"},
        {"an unknown key", listen, "{ name: t1, sever-name: a }", none,
         "t.yaml:3:20: unknown key 'sever-name' in an entry of 'tls'; did you mean 'server-name'?"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            CHECK(error_of(text_of(row.server, row.tls, row.rest)) == row.expected);
        }
    }
}

}  // namespace twinzone::config
