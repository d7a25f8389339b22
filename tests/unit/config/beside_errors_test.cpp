// Wrong hand-overs, guards, hooks, relays and web addresses: each once, with its exact place.
#include "tests/unit/config/error_rows.h"

namespace twinzone::config {
namespace {

using test::check_row;
using test::kHead;
using test::kPrimary;
using test::kRemote;
using test::kSecondary;
using test::kZone;
using test::Row;

// The value of `output` begins in column 51 of line 4.
std::string output(const std::string& value) {
    return kHead + kRemote + "zones: [{ zone: a.test, primaries: [ns1], output: " + value + " }]\n";
}

// Column 47 of line 3.
std::string primary_with(const std::string& setting) {
    return kHead + "zones: [{ zone: a.test, source: { file: db }, " + setting + " }]\n";
}

void check_all(std::span<const Row> rows) {
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            check_row(row);
        }
    }
}

TEST_CASE("a wrong hand-over is told once, at its place", "[config]") {
    const Row rows[] = {
        {"no mode", kSecondary, output("{ path: /z }"), {"t.yaml:4:51: 'output' has no 'mode'"}},
        {"a mode with a slip, and what went with it",
         kSecondary,
         output("{ mode: fiel, path: /z/%s, reload: nsd }"),
         {"t.yaml:4:59: mode cannot be 'fiel'; did you mean 'file'?"}},
        {"a word for all of it",
         kSecondary,
         output("loopback"),
         {"t.yaml:4:51: 'output' is a map, not a single value"}},
        {"a reload with a slip, and its command",
         kSecondary,
         output("{ mode: file, path: /z/%s, reload: bnid, command: [rndc] }"),
         {"t.yaml:4:86: reload cannot be 'bnid'; did you mean 'bind'?"}},
        {"a command without a reload",
         kSecondary,
         output("{ mode: file, path: /z/%s, command: [rndc] }"),
         {"t.yaml:4:78: 'command' needs a 'reload'"}},
        {"a command where nothing is reloaded",
         kSecondary,
         output("{ mode: loopback, verify: ns1, command: [rndc] }"),
         {"t.yaml:4:82: this mode has no use for 'command'"}},
        {"a reload by nothing",
         kSecondary,
         output("{ mode: file, path: /z/%s, reload: command }"),
         {"t.yaml:4:51: 'output' has no 'command'"}},
        {"a command of no words",
         kSecondary,
         output("{ mode: file, path: /z/%s, reload: command, command: [] }"),
         {"t.yaml:4:104: 'command' names a program"}},
        {"a command as one string",
         kSecondary,
         output("{ mode: file, path: /z/%s, reload: command, command: nsd-control reload }"),
         {"t.yaml:4:104: 'command' is a list, not a single value; write [ … ]"}},
        {"a server at port 0",
         kSecondary,
         output("{ mode: loopback, verify: 127.0.0.1@0 }"),
         {"t.yaml:4:77: nobody can be reached at port 0"}},
        {"a server's address with a slip",
         kSecondary,
         output("{ mode: loopback, verify: 127.0.0.1@dns }"),
         {"t.yaml:4:77: '127.0.0.1@dns' has no port from 0 to 65535"}},
        {"a server's name with a slip",
         kSecondary,
         output("{ mode: loopback, verify: ns2 }"),
         {"t.yaml:4:77: no remote is named 'ns2'; did you mean 'ns1'?"}},
        {"no time at all",
         kSecondary,
         output("{ mode: loopback, verify: ns1, timeout: 0s }"),
         {"t.yaml:4:91: timeout: at least 1s"}},
        {"a pattern of another kind",
         kSecondary,
         output("{ mode: file, path: /z/%z.zone }"),
         {"t.yaml:4:71: path: '%' goes on with 's' (the zone's name) or '%'"}},
        {"a key of the guard",
         kSecondary,
         output("{ mode: none, max-delete: 50% }"),
         {"t.yaml:4:65: unknown key 'max-delete' in 'output'; it belongs into 'guard'"}},
        {"on a primary",
         kPrimary,
         primary_with("output: { mode: none }"),
         {"t.yaml:3:47: 'output' is for the secondary; this is the configuration of the "
          "primary"}},
    };
    check_all(rows);
}

TEST_CASE("a wrong guard is told once, at its place", "[config]") {
    const Row rows[] = {
        {"on",
         kPrimary,
         primary_with("guard: on"),
         {"t.yaml:3:54: 'guard' is a map, not a single value"}},
        {"a share without %",
         kPrimary,
         primary_with("guard: { max-delete: 50 }"),
         {"t.yaml:3:68: max-delete: '50' is no percentage; write 50%"}},
        {"more than all",
         kPrimary,
         primary_with("guard: { max-delete: 101% }"),
         {"t.yaml:3:68: max-delete: at most 100%"}},
        {"a count with a slip",
         kPrimary,
         primary_with("guard: { min-records: ten }"),
         {"t.yaml:3:69: min-records: 'ten' is no count; write 100, 64K or 100M"}},
        {"a key with a slip",
         kPrimary,
         primary_with("guard: { max-deletes: 50% }"),
         {"t.yaml:3:56: unknown key 'max-deletes' in 'guard'; did you mean 'max-delete'?"}},
    };
    check_all(rows);
}

TEST_CASE("a wrong hook is told once, at its place", "[config]") {
    const Row rows[] = {
        {"no list",
         kPrimary,
         primary_with("hooks: { on: [held], exec: [/x] }"),
         {"t.yaml:3:54: 'hooks' is a list, not a map; write [ … ]"}},
        {"nothing in it",
         kPrimary,
         primary_with("hooks: [{}]"),
         {"t.yaml:3:55: an entry of 'hooks' has no 'on'",
          "t.yaml:3:55: an entry of 'hooks' has no 'exec'"}},
        {"no event",
         kPrimary,
         primary_with("hooks: [{ on: [], exec: [/x] }]"),
         {"t.yaml:3:61: 'on' names at least one event"}},
        {"an event with a slip",
         kPrimary,
         primary_with("hooks: [{ on: [comitted], exec: [/x] }]"),
         {"t.yaml:3:62: no event is called 'comitted'; did you mean 'committed'?; events are "
          "committed, failed, held and expired"}},
        {"no program",
         kPrimary,
         primary_with("hooks: [{ on: [held], exec: [] }]"),
         {"t.yaml:3:75: 'exec' names a program"}},
        {"a program to be looked for",
         kPrimary,
         primary_with("hooks: [{ on: [held], exec: [mail, root] }]"),
         {"t.yaml:3:76: 'mail' is no absolute path; hooks are not looked for"}},
        {"a program that is a list",
         kPrimary,
         primary_with("hooks: [{ on: [held], exec: [[/x]] }]"),
         {"t.yaml:3:76: a word is a single value, not a list"}},
        {"no time at all",
         kPrimary,
         primary_with("hooks: [{ on: [held], exec: [/x], timeout: 0 }]"),
         {"t.yaml:3:90: timeout: at least 1s"}},
    };
    check_all(rows);
}

TEST_CASE("a wrong relay, verification or web address is told once, at its place", "[config]") {
    const Row rows[] = {
        {"a transfer from nobody",
         kPrimary,
         kHead + "zones: [{ zone: a.test, source: { transfer: [] } }]\n",
         {"t.yaml:3:45: 'transfer' names at least one remote"}},
        {"a transfer that is no list",
         kPrimary,
         kHead + kRemote + "zones: [{ zone: a.test, source: { transfer: ns1 } }]\n",
         {"t.yaml:4:45: 'transfer' is a list, not a single value; write [ … ]"}},
        {"a transfer from an address",
         kPrimary,
         kHead + "zones: [{ zone: a.test, source: { transfer: [127.0.0.1@53] } }]\n",
         {"t.yaml:3:46: no remote is named '127.0.0.1@53'; addresses stand in 'remotes', and in "
          "access rules as { address: [ … ] }"}},
        {"a source of none",
         kPrimary,
         kHead + "zones: [{ zone: a.test, source: {} }]\n",
         {"t.yaml:3:33: a source is one of 'file', 'directory' and 'transfer'"}},
        {"serials of a zone that comes by transfer",
         kPrimary,
         kHead + kRemote +
             "zones: [{ zone: a.test, source: { transfer: [ns1] }, serial-policy: date }]\n",
         {"t.yaml:4:17: zone a.test. comes by transfer and keeps its serials; 'serial-policy' is "
          "for zones from files"}},
        {"a verification now and then",
         kPrimary,
         primary_with("verify-interval: daily"),
         {"t.yaml:3:64: verify-interval: 'daily' is no duration; write 30s, 5m, 2h or 1d"}},
        {"a page at no address",
         kPrimary,
         kHead + kZone + "web: { listen: localhost }\n",
         {"t.yaml:4:16: 'localhost' is no address; write ADDRESS@PORT"}},
        {"a page at one address twice",
         kPrimary,
         kHead + kZone + "web: { listen: [127.0.0.1, 127.0.0.1@10353] }\n",
         {"t.yaml:4:28: 127.0.0.1@10353 is twice in 'listen'"}},
        {"a page without an address",
         kPrimary,
         kHead + kZone + "web: {}\n",
         {"t.yaml:4:6: 'web' has no 'listen'"}},
    };
    check_all(rows);
}

}  // namespace
}  // namespace twinzone::config
