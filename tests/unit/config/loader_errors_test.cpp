// Wrong configurations: each with the exact place, sentence and suggestion.
#include <string>
#include <vector>

#include "tests/unit/config/error_rows.h"

namespace twinzone::config {
namespace {

using test::check_row;
using test::error_of;
using test::kHead;
using test::kPrimary;
using test::kRemote;
using test::kSecondary;
using test::kZone;
using test::lines_of;
using test::Row;

TEST_CASE("the loader says what is no strict YAML", "[config]") {
    const Row rows[] = {
        {"an empty file", kPrimary, "", {"t.yaml: is empty; it begins with 'version: 1'"}},
        {"only a comment",
         kPrimary,
         "# nothing\n",
         {"t.yaml: is empty; it begins with 'version: 1'"}},
        {"a list at the top",
         kPrimary,
         "- version: 1\n",
         {"t.yaml:1:1: the configuration is a map, not a list"}},
        {"a key written twice",
         kPrimary,
         kHead + kZone + "version: 1\n",
         {"t.yaml:4:1: duplicate key 'version'; it is already in line 1"}},
        {"a key written twice, deeper",
         kPrimary,
         kHead + "log: { level: info, level: debug }\n" + kZone,
         {"t.yaml:3:21: duplicate key 'level'; it is already in line 3"}},
        {"a tag",
         kPrimary,
         kHead + kZone + "store: { path: !!str /x }\n",
         {"t.yaml:4:16: tags (!name) are not allowed"}},
        {"an anchor",
         kPrimary,
         kHead + kZone + "store: &s { path: /x }\n",
         {"t.yaml:4:8: anchors (&name) are not allowed"}},
        {"an anchor and its alias",
         kPrimary,
         kHead + "log: { target: &t x }\nstore: { path: *t }\n" + kZone,
         {"t.yaml:3:16: anchors (&name) are not allowed", "t.yaml:4:10: 'path' has no value",
          "t.yaml:4:16: aliases (*name) are not allowed; write the value out"}},
        {"a list as a key",
         kPrimary,
         kHead + kZone + "[a, b]: 1\n",
         {"t.yaml:4:1: a key is a word, not a list"}},
        {"a second document",
         kPrimary,
         kHead + kZone + "---\nversion: 1\n",
         {"t.yaml:4:1: a second document; a configuration has only one"}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            check_row(row);
        }
    }
}

TEST_CASE("the loader names unknown and misplaced keys", "[config]") {
    const Row rows[] = {
        {"a slip",
         kPrimary,
         "version: 1\nserver: { lissten: [127.0.0.1@5300], listen: [::1@5300] }\n" + kZone,
         {"t.yaml:2:11: unknown key 'lissten' in 'server'; did you mean 'listen'?"}},
        {"a slip at the top",
         kPrimary,
         kHead + "zone: []\n" + kZone,
         {"t.yaml:3:1: unknown key 'zone' in the configuration; did you mean 'zones'?"}},
        {"a key of another section",
         kPrimary,
         kHead + kZone + "listen: [127.0.0.1]\n",
         {"t.yaml:4:1: unknown key 'listen' in the configuration; it belongs into 'server'"}},
        {"nothing near",
         kPrimary,
         kHead + kZone + "frobnicate: 1\n",
         {"t.yaml:4:1: unknown key 'frobnicate' in the configuration"}},
        {"a merge key",
         kPrimary,
         kHead + kZone + "<<: { a: b }\n",
         {"t.yaml:4:1: unknown key '<<' in the configuration"}},
        {"a wrong key of web",
         kPrimary,
         kHead + kZone + "web: { listen: 127.0.0.1@10353, lissten: x }\n",
         {"t.yaml:4:33: unknown key 'lissten' in 'web'; did you mean 'listen'?"}},
        {"no threads",
         kPrimary,
         "version: 1\nserver: { listen: [127.0.0.1], threads: 0 }\n" + kZone,
         {"t.yaml:2:41: threads: at least 1"}},
        {"too many threads",
         kPrimary,
         "version: 1\nserver: { listen: [127.0.0.1], threads: 257 }\n" + kZone,
         {"t.yaml:2:41: threads: at most 256"}},
        {"via of the other family",
         kPrimary,
         kHead + kZone + "remotes: [{ name: a, addresses: [192.0.2.1], via: \"2001:db8::9\" }]\n",
         {"t.yaml:4:51: 2001:db8::9 is of IPv6, none of the addresses is"}},
        {"via that is no address",
         kPrimary,
         kHead + kZone + "remotes: [{ name: a, addresses: [192.0.2.1], via: 192.0.2.9@53 }]\n",
         {"t.yaml:4:51: via: '192.0.2.9@53' is no IPv4 or IPv6 address"}},
        {"a proxy that is no network",
         kPrimary,
         "version: 1\nserver: { listen: [127.0.0.1], proxy-from: [10.0.0.0/99] }\n" + kZone,
         {"t.yaml:2:45: '10.0.0.0/99' has no prefix length that fits"}},
        {"zonemd: no such word",
         kPrimary,
         kHead + "zones: [{ zone: a.test, source: { file: db }, zonemd: check }]\n",
         {"t.yaml:3:55: zonemd cannot be 'check'; it is one of off, verify, require, generate"}},
        {"zonemd: made for what comes by transfer",
         kPrimary,
         kHead + kRemote +
             "zones: [{ zone: a.test, source: { transfer: [ns1] }, zonemd: generate }]\n",
         {"t.yaml:4:17: zone a.test. comes by transfer and keeps its content; 'zonemd: generate' "
          "is for zones from files"}},
        {"loopback without the server to ask",
         kSecondary,
         kHead + kRemote +
             "zones: [{ zone: a.test, primaries: [ns1], output: { mode: loopback } }]\n",
         {"t.yaml:4:51: 'output' has no 'verify'"}},
        {"a transfer from nobody known",
         kPrimary,
         kHead + "zones: [{ zone: a.test, source: { transfer: [x] } }]\n",
         {"t.yaml:3:46: no remote is named 'x'"}},
        {"a key of the primary",
         kSecondary,
         kHead + kRemote + "zones: [{ zone: a.test, primaries: [ns1], serial-policy: keep }]\n",
         {"t.yaml:4:43: 'serial-policy' is for the primary; this is the configuration of the "
          "secondary"}},
        {"a key of the secondary",
         kPrimary,
         kHead + "zones: [{ zone: a.test, source: { file: db }, primaries: [ns1] }]\n",
         {"t.yaml:3:47: 'primaries' is for the secondary; this is the configuration of the "
          "primary"}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            check_row(row);
        }
    }
}

TEST_CASE("the loader says what is missing", "[config]") {
    const Row rows[] = {
        {"no version",
         kPrimary,
         "server: { listen: [127.0.0.1] }\n" + kZone,
         {"t.yaml:1:1: the configuration has no 'version'"}},
        {"no server",
         kPrimary,
         "version: 1\n" + kZone,
         {"t.yaml:1:1: the configuration has no 'server'"}},
        {"no listen, primary",
         kPrimary,
         "version: 1\nserver: {}\n" + kZone,
         {"t.yaml:2:9: 'server' has no 'listen'; for example listen: [127.0.0.1@5300]"}},
        {"no listen, secondary",
         kSecondary,
         "version: 1\nserver: {}\nzones: []\n",
         {"t.yaml:2:9: 'server' has no 'listen'; [] hears no NOTIFY and serves nobody"}},
        {"an empty listen, primary",
         kPrimary,
         "version: 1\nserver: { listen: [] }\n" + kZone,
         {"t.yaml:2:19: a primary listens on at least one address"}},
        {"no zones",
         kSecondary,
         kHead,
         {"t.yaml:1:1: no zones: neither 'zones' nor 'zones-file' nor 'catalogs'"}},
        {"a zone without source",
         kPrimary,
         kHead + "zones:\n  - { zone: a.test }\n",
         {"t.yaml:4:13: zone a.test. has no 'source'; for example source: { file: "
          "/etc/bind/db.%s }"}},
        {"a zone without primaries",
         kSecondary,
         kHead + "zones:\n  - zone: a.test\n",
         {"t.yaml:4:11: zone a.test. has no 'primaries' to follow"}},
        {"a zone that would follow ourselves",
         kSecondary,
         kHead + "remotes: [{ name: us, addresses: [192.0.2.1@5300, 127.0.0.1@5300] }]\n"
                 "zones:\n  - { zone: a.test, primaries: [us] }\n",
         {"t.yaml:5:13: zone a.test. would follow this program itself: 'us' is 127.0.0.1@5300, "
          "where it listens"}},
        {"a relay that would follow ourselves through the loopback of any address",
         kPrimary,
         "version: 1\nserver: { listen: [0.0.0.0@5300] }\n"
         "remotes: [{ name: us, addresses: [127.0.0.2@5300] }, "
         "{ name: beside, addresses: [127.0.0.1@53, 192.0.2.1@5300] }]\n"
         "zones:\n  - { zone: a.test, source: { transfer: [beside, us] } }\n",
         {"t.yaml:5:13: zone a.test. would follow this program itself: 'us' is 127.0.0.2@5300, "
          "where it listens"}},
        {"an entry without a zone",
         kPrimary,
         kHead + "zones:\n  - source: { file: db }\n",
         {"t.yaml:4:5: an entry of 'zones' has no 'zone'"}},
        {"a zone as a mere name",
         kPrimary,
         kHead + "zones: [a.test]\n",
         {"t.yaml:3:9: write { zone: a.test }"}},
        {"a key without value",
         kPrimary,
         kHead + kZone + "remotes:\n",
         {"t.yaml:4:1: 'remotes' has no value"}},
        {"a remote without addresses",
         kPrimary,
         kHead + kZone + "remotes: [{ name: ns1 }]\n",
         {"t.yaml:4:11: an entry of 'remotes' has no 'addresses'"}},
        {"a key without a secret",
         kPrimary,
         kHead + kZone + "keys: [{ name: k1., algorithm: hmac-sha256 }]\n",
         {"t.yaml:4:8: a key has either 'secret' or 'secret-file'"}},
        {"a rule without a condition",
         kPrimary,
         kHead + "zones: [{ zone: a.test, source: { file: db }, allow-transfer: [{}] }]\n",
         {"t.yaml:3:64: an access rule needs 'address', 'key' or 'tls'"}},
        {"an output of mode file without path",
         kSecondary,
         kHead + kRemote + "zones: [{ zone: a.test, primaries: [ns1], output: { mode: file } }]\n",
         {"t.yaml:4:51: 'output' has no 'path'"}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            check_row(row);
        }
    }
}

TEST_CASE("the loader says which value is wrong", "[config][R25]") {
    const Row rows[] = {
        {"another version",
         kPrimary,
         "version: 2\nserver: { listen: [127.0.0.1] }\n" + kZone,
         {"t.yaml:1:10: version '2' is not known; this program reads 1"}},
        {"a map where a list belongs",
         kPrimary,
         "version: 1\nserver: { listen: { a: b } }\n" + kZone,
         {"t.yaml:2:19: 'listen' is a list, not a map; write [ … ]"}},
        {"a value where a list belongs",
         kPrimary,
         "version: 1\nserver: { listen: 127.0.0.1 }\n" + kZone,
         {"t.yaml:2:19: 'listen' is a list, not a single value; write [ … ]"}},
        {"a list where a value belongs",
         kPrimary,
         kHead + kZone + "store: { path: [a] }\n",
         {"t.yaml:4:16: 'path' is a single value, not a list"}},
        {"a value where a map belongs",
         kPrimary,
         kHead + kZone + "log: debug\n",
         {"t.yaml:4:6: 'log' is a map, not a single value"}},
        {"no address",
         kPrimary,
         "version: 1\nserver: { listen: [localhost] }\n" + kZone,
         {"t.yaml:2:20: 'localhost' is no address; write ADDRESS@PORT"}},
        {"no port",
         kPrimary,
         "version: 1\nserver: { listen: [127.0.0.1@dns] }\n" + kZone,
         {"t.yaml:2:20: '127.0.0.1@dns' has no port from 0 to 65535"}},
        {"an address twice",
         kPrimary,
         "version: 1\nserver: { listen: [::1, ::1@53] }\n" + kZone,
         {"t.yaml:2:25: ::1@53 is twice in 'listen'"}},
        {"a remote at port 0",
         kPrimary,
         kHead + kZone + "remotes: [{ name: a, addresses: [192.0.2.1@0] }]\n",
         {"t.yaml:4:34: nobody can be reached at port 0"}},
        {"a remote named like an address",
         kPrimary,
         kHead + kZone + "remotes: [{ name: 192.0.2.1, addresses: [192.0.2.1] }]\n",
         {"t.yaml:4:19: name: '192.0.2.1' is no name; letters, digits, '-', '_' and '.'"}},
        {"a duration with a slip",
         kPrimary,
         kHead + kZone + "limits: { tcp-idle: 30 s }\n",
         {"t.yaml:4:21: tcp-idle: '30 s' is no duration; write 30s, 5m, 2h or 1d"}},
        {"a negative duration",
         kPrimary,
         kHead + kZone + "limits: { transfer-time: -1h }\n",
         {"t.yaml:4:26: transfer-time: '-1h' is no duration; write 30s, 5m, 2h or 1d"}},
        {"a limit of nothing",
         kPrimary,
         kHead + kZone + "limits: { transfers-in: 0 }\n",
         {"t.yaml:4:25: transfers-in: at least 1"}},
        {"a count that is too large",
         kPrimary,
         kHead + kZone + "limits: { tcp-clients: 5G }\n",
         {"t.yaml:4:24: tcp-clients: at most 4G"}},
        {"a size beyond 64 bits",
         kPrimary,
         kHead + kZone + "store: { max-size: 99999999T }\n",
         {"t.yaml:4:20: max-size: '99999999T' is no size; write octets or 64K, 64M, 2G, 1T"}},
        {"a shared history without a place",
         kPrimary,
         kHead + kZone + "store: { shared: { name: ns1 } }\n",
         {"t.yaml:4:18: 'shared' has no 'postgresql'"}},
        {"a shared history with slips",
         kPrimary,
         kHead + kZone +
             "store: { shared: { postgresql: x, name: a/b, take-over: 1h, max-versions: 0 } }\n",
         {"t.yaml:4:41: name: 1 to 64 octets without /",
          "t.yaml:4:57: take-over: between 1s and 10m", "t.yaml:4:75: max-versions: at least 1"}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            check_row(row);
        }
    }
}

TEST_CASE("the loader says which setting or zone is wrong", "[config]") {
    const Row rows[] = {
        {"a level with a slip",
         kPrimary,
         kHead + kZone + "log: { level: warn }\n",
         {"t.yaml:4:15: level cannot be 'warn'; it is one of debug, info, notice, warning, error, "
          "critical"}},
        {"a format with a slip",
         kPrimary,
         kHead + kZone + "log: { format: jason }\n",
         {"t.yaml:4:16: format cannot be 'jason'; did you mean 'json'?"}},
        {"a policy with a slip",
         kPrimary,
         kHead + "zones: [{ zone: a.test, source: { file: db }, serial-policy: unixtim }]\n",
         {"t.yaml:3:62: serial-policy cannot be 'unixtim'; did you mean 'unixtime'?"}},
        {"a bad zone name",
         kPrimary,
         kHead + "zones: [{ zone: a..test, source: { file: db } }]\n",
         {"t.yaml:3:17: zone: 'a..test' is no domain name: empty label"}},
        {"a zone twice, in another case",
         kPrimary,
         kHead + "zones:\n- { zone: a.test, source: { file: db } }\n"
                 "- { zone: A.Test., source: { file: db } }\n",
         {"t.yaml:5:11: zone A.Test. is already in t.yaml:4"}},
        {"min above max",
         kPrimary,
         kHead + "zones: [{ zone: a.test, source: { file: db }, refresh: { min: 2d } }]\n",
         {"t.yaml:3:56: 'refresh' has a min of 172800 s above its max of 86400 s"}},
        {"an unknown pattern",
         kPrimary,
         kHead + "zones: [{ zone: a.test, source: { file: db.%d } }]\n",
         {"t.yaml:3:41: file: '%' goes on with 's' (the zone's name) or '%'"}},
        {"both kinds of source",
         kPrimary,
         kHead + "zones: [{ zone: a.test, source: { file: db, directory: d } }]\n",
         {"t.yaml:3:33: a source is one of 'file', 'directory' and 'transfer'"}},
        {"two zones that write one file",
         kSecondary,
         kHead + kRemote +
             "templates: [{ name: default, primaries: [ns1], output: { mode: file, path: /z } }]\n"
             "zones: [{ zone: a.test }, { zone: b.test }]\n",
         {"t.yaml:5:35: zone b.test. writes '/z', as does a.test.; a path with %s is one file a "
          "zone"}},
        {"a path where nothing is written",
         kSecondary,
         kHead + kRemote +
             "zones: [{ zone: a.test, primaries: [ns1], output: { mode: none, path: /z } }]\n",
         {"t.yaml:4:65: this mode has no use for 'path'"}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            check_row(row);
        }
    }
}

TEST_CASE("the loader finds references to nothing", "[config]") {
    const std::string zone = "zones: [{ zone: a.test, source: { file: db }, ";
    const Row rows[] = {
        {"a remote with a slip",
         kPrimary,
         kHead + kRemote + zone + "notify: [ns2] }]\n",
         {"t.yaml:4:56: no remote is named 'ns2'; did you mean 'ns1'?"}},
        {"an address where a remote belongs",
         kPrimary,
         kHead + zone + "allow-transfer: [10.0.0.0/8] }]\n",
         {"t.yaml:3:64: no remote is named '10.0.0.0/8'; addresses stand in 'remotes', and in "
          "access rules as { address: [ … ] }"}},
        {"a remote twice",
         kPrimary,
         kHead + kRemote + zone + "notify: [ns1, ns1] }]\n",
         {"t.yaml:4:61: 'ns1' is twice in the list"}},
        {"a key that is not there",
         kPrimary,
         kHead + zone + "allow-transfer: [{ key: k1 }] }]\n",
         {"t.yaml:3:71: no key is named 'k1'"}},
        {"no prefix",
         kPrimary,
         kHead + zone + "allow-transfer: [{ address: [10.0.0.0/33] }] }]\n",
         {"t.yaml:3:76: '10.0.0.0/33' has no prefix length that fits"}},
        {"a template with a slip",
         kPrimary,
         kHead + "templates: [{ name: reverse, source: { file: db } }]\n"
                 "zones: [{ zone: a.test, template: revers }]\n",
         {"t.yaml:4:35: no template is named 'revers'; did you mean 'reverse'?"}},
        {"a template twice",
         kPrimary,
         kHead + "templates: [{ name: a }, { name: a }]\n" + kZone,
         {"t.yaml:3:34: there is already a template 'a'"}},
        {"a remote declared twice",
         kPrimary,
         kHead + kZone +
             "remotes: [{ name: a, addresses: [::1] }, { name: a, addresses: [::2] }]\n",
         {"t.yaml:4:50: there is already a remote 'a'"}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            check_row(row);
        }
    }
}

TEST_CASE("all errors of a file come in one run, in the order of the file", "[config]") {
    CHECK(error_of("version: 1\n"
                   "server: { lissten: [127.0.0.1@5300] }\n"
                   "limits: { tcp-idle: 5x, per-remote: 0 }\n"
                   "zones:\n"
                   "  - { zone: a.test, template: nowhere }\n",
                   kPrimary) ==
          "t.yaml:2:9: 'server' has no 'listen'; for example listen: [127.0.0.1@5300]\n"
          "  server: { lissten: [127.0.0.1@5300] }\n"
          "          ^\n"
          "t.yaml:2:11: unknown key 'lissten' in 'server'; did you mean 'listen'?\n"
          "  server: { lissten: [127.0.0.1@5300] }\n"
          "            ^\n"
          "t.yaml:3:21: tcp-idle: '5x' is no duration; write 30s, 5m, 2h or 1d\n"
          "  limits: { tcp-idle: 5x, per-remote: 0 }\n"
          "                      ^\n"
          "t.yaml:3:37: per-remote: at least 1\n"
          "  limits: { tcp-idle: 5x, per-remote: 0 }\n"
          "                                      ^\n"
          "t.yaml:5:31: no template is named 'nowhere'\n"
          "    - { zone: a.test, template: nowhere }\n"
          "                                ^\n"
          "5 errors");
}

TEST_CASE("very many errors are counted, not all shown", "[config]") {
    std::string text = kHead + "zones:\n";
    for (int i = 0; i < 150; ++i) {
        text += "- { zone: z" + std::to_string(i) + ".test }\n";
    }
    const std::vector<std::string> lines = lines_of(error_of(text, kPrimary));
    CHECK(lines.size() == 3 * kMaxShownErrors + 2);
    CHECK(lines[lines.size() - 2] == "50 more are not shown");
    CHECK(lines.back() == "150 errors");
}

TEST_CASE("carets stand under their column behind UTF-8, tabs and in long lines", "[config]") {
    const std::vector<std::string> umlaut =
        lines_of(error_of(kHead + kZone + "log: { target: \"ä\", levl: info }\n", kPrimary));
    CHECK(umlaut[1] == "  log: { target: \"ä\", levl: info }");
    CHECK(umlaut[2] == "                      ^");
    const std::string far(500, 'x');
    const std::vector<std::string> lines = lines_of(
        error_of(kHead + kZone + "log: { target: \"" + far + "\", levl: info }\n", kPrimary));
    CHECK(lines[1].size() < 170);
    CHECK(lines[1].substr(lines[2].find('^'), 4) == "levl");
}

TEST_CASE("a broken YAML file is one error at its place", "[config]") {
    const std::string detail = error_of(kHead + "zones: [\n  - {\n", kPrimary);
    CHECK(detail.find("t.yaml:4:3: not YAML: ") == 0);
    CHECK(lines_of(detail).back() == "1 error");
}

}  // namespace
}  // namespace twinzone::config
