// `status` for the eye.
#include "common/control/status_table.h"

#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "common/control/calendar.h"
#include "tests/support/catch.h"
#include "tests/unit/control/samples.h"

namespace twinzone::control {
namespace {

const TableOptions kPlain{.width = 0, .color = false, .now = UnixTime{test::kNoon.value() + 12}};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

TEST_CASE("the table has problems first, a column a peer, and a sum", "[control]") {
    CHECK(to_table(test::two_zones(), kPlain) == &R"(
ZONE           STATE    SERIAL      LAG  LAST OK   EXPIRES  ns3             ns4      REASON
b.test.        failed   -           -    -         -        -               -        192.0.2.1@53 refused the transfer
example.test.  current  4294967295  0 s  12 s ago  7 d      7, 90 s behind  unknown

2 zones: 1 failed, 1 current; worst lag 90 s; secondary 0.1.0, up 2 h
)"[1]);
}

TEST_CASE("one zone is told in lines, with all its facts", "[control]") {
    Status status = test::two_zones();
    status.zones.pop_back();
    CHECK(to_table(status, kPlain) == &R"(
zone     example.test.
state    current
serial   4294967295
digest   00112233445566778899aabbccddeeff
size     1,234 records, 56,789 octets
source   192.0.2.1@53
transfer AXFR from 192.0.2.1@53, 1,000,000 records, 50,000,000 octets in 12 s, 4,166,666 octets a second
lag      0 s
last ok  12 s ago (2026-03-01T12:00:00Z)
expires  in 7 d
refresh  in 30 s
served   127.0.0.1@53: serial 7 for 12 s
peer     ns3 (192.0.2.3@53, key k1.): 7, 90 s behind, seen 13 s ago; NOTIFY answered 14 s ago, SOA asked 15 s ago, transfer taken 16 s ago; no answer
peer     ns4: unknown, seen never
)"[1]);
}

TEST_CASE("no zone is a table too", "[control]") {
    const Status status{.role = "primary", .version = "1", .uptime = seconds{59}, .zones = {}};
    CHECK(to_table(status, kPlain) == "no zones to show; 0 zones; primary 1, up 59 s\n");
}

TEST_CASE("columns without a word in them are left out", "[control]") {
    Status status = test::two_zones();
    for (ZoneStatus& zone : status.zones) {
        zone.peers.clear();
        zone.expires_in.reset();
        zone.reason.clear();
    }
    CHECK(lines_of(to_table(status, kPlain)).front() ==
          "ZONE           STATE    SERIAL      LAG  LAST OK");
}

TEST_CASE("with many peers a line has their count", "[control]") {
    Status status = test::two_zones();
    for (int i = 0; i < 5; ++i) {
        status.zones[0].peers.push_back({.remote = fmt::format("more{}", i),
                                         .serial = dns::Serial{1},
                                         .lag = seconds{0},
                                         .last_contact = {}});
    }
    const std::string table = to_table(status, kPlain);
    CHECK(table.find("PEERS IN STEP") != std::string::npos);
    CHECK(table.find("5/7") != std::string::npos);
    CHECK(table.find("ns3") == std::string::npos);
}

TEST_CASE("a thousand zones are a line each, in line with each other", "[control]") {
    Status status = test::two_zones();
    const ZoneStatus pattern = status.zones[0];
    for (int i = 0; i < 998; ++i) {
        ZoneStatus& zone = status.zones.emplace_back(pattern);
        zone.zone = fmt::format("z{}.test.", i);
        zone.state = i == 500 ? ZoneState::expired : zone.state;
    }
    const std::vector<std::string> lines = lines_of(to_table(status, kPlain));
    REQUIRE(lines.size() == 1 + 1000 + 2);
    CHECK(lines[1].find("b.test.") == 0);
    CHECK(lines[2].find("z500.test.") == 0);
    CHECK(lines[3].find("example.test.") == 0);
    for (std::size_t i = 2; i <= 1000; ++i) {
        CHECK(lines[i].find("12 s ago") == lines[2].find("12 s ago"));
    }
    CHECK(lines.back() ==
          "1,000 zones: 1 failed, 1 expired, 998 current; worst lag 90 s; secondary 0.1.0, up 2 h");
}

TEST_CASE("a narrow terminal cuts the reason or gives it a line, never the zone", "[control]") {
    Status status = test::two_zones();
    TableOptions options = kPlain;
    options.width = 110;
    std::string table = to_table(status, options);
    CHECK(lines_of(table)[1].find("refused the…") != std::string::npos);
    options.width = 60;
    table = to_table(status, options);
    CHECK(lines_of(table)[2] == "  192.0.2.1@53 refused the transfer");
    options.width = 20;
    table = to_table(status, options);
    CHECK(lines_of(table)[2] == "  192.0.2.1@53 refused …");
    CHECK(table.find("example.test.") != std::string::npos);
}

TEST_CASE("colours stand around the state and do not shift columns", "[control]") {
    TableOptions options = kPlain;
    options.color = true;
    const std::string table = to_table(test::two_zones(), options);
    CHECK(table.find("\x1b[31mfailed\x1b[0m   ") != std::string::npos);
    CHECK(table.find("\x1b[32mcurrent\x1b[0m  ") != std::string::npos);
    CHECK(to_table(test::two_zones(), kPlain).find('\x1b') == std::string::npos);
}

TEST_CASE("nothing of a peer's text reaches the terminal as a control", "[control]") {
    Status status = test::two_zones();
    status.zones[1].reason =
        "a\x1b[2Jb\nc\x7f\xc2\x9b"
        "d";
    status.zones[0].peers[0].remote = "\x1b]0;x\x07";
    const std::string table = to_table(status, kPlain);
    CHECK(table.find("a?[2Jb?c??d") != std::string::npos);
    CHECK(table.find('\x1b') == std::string::npos);
    CHECK(table.find('\x07') == std::string::npos);
}

TEST_CASE("who leads a shared history is told, for many zones and for one", "[control]") {
    Status status = test::two_zones();
    status.shared = SharedStatus{.name = "ns2",
                                 .role = "following",
                                 .leader = "ns1",
                                 .connected = false,
                                 .sequence = 9,
                                 .zones_behind = 2,
                                 .last_contact_age = seconds{7},
                                 .problem = "no route"};
    const std::string_view line =
        "shared history: ns1 leads; this is ns2, following, 2 zones behind; PostgreSQL answered "
        "7 s ago: no route\n";
    CHECK(to_table(status, kPlain).ends_with(line));
    status.zones.resize(1);
    CHECK(to_table(status, kPlain).ends_with(line));
}

TEST_CASE("spans are told in the largest unit that is there twice", "[control]") {
    const struct {
        std::int64_t span;
        const char* text;
    } rows[] = {{0, "0 s"},    {119, "119 s"},    {120, "2 min"},   {7199, "119 min"},
                {7200, "2 h"}, {172'799, "47 h"}, {172'800, "2 d"}, {1'000'000, "11 d"}};
    for (const auto& row : rows) {
        CHECK(span_in_words(seconds{row.span}) == row.text);
    }
}

}  // namespace
}  // namespace twinzone::control
