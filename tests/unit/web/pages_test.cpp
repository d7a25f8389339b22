#include <fmt/format.h>

#include "common/web/overview_page.h"
#include "common/web/style.h"
#include "common/web/zone_page.h"
#include "tests/support/catch.h"
#include "tests/unit/web/web_fixture.h"

namespace twinzone::web {

namespace {

using control::ZoneState;
using control::ZoneStatus;
using test::facts_of;
using test::peer;
using test::zone;

const dns::Serial kSerial{7};

std::vector<std::string> names_of(const Overview& overview) {
    std::vector<std::string> names;
    for (const ZoneStatus* row : overview.rows) {
        names.push_back(row->zone);
    }
    return names;
}

Facts mixed() {
    ZoneStatus late = zone("late.test.", ZoneState::current, kSerial);
    late.peers = {peer("ns2", kSerial, seconds{5})};
    ZoneStatus later = zone("later.test.", ZoneState::current, kSerial);
    later.peers = {peer("ns2", kSerial, seconds{0}), peer("ns3", kSerial, seconds{500})};
    return facts_of({zone("b.test.", ZoneState::current, kSerial),
                     zone("a.test.", ZoneState::current, kSerial), late, later,
                     zone("stale.test.", ZoneState::stale, kSerial),
                     zone("expired.test.", ZoneState::expired, kSerial),
                     zone("held.test.", ZoneState::held, kSerial)});
}

bool has(const std::string& page, std::string_view text) {
    return page.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("problems stand first, then peers that lag, then names in order", "[web]") {
    const Facts facts = mixed();
    CHECK(names_of(overview_of(facts, {})) ==
          std::vector<std::string>{"expired.test.", "held.test.", "stale.test.", "later.test.",
                                   "late.test.", "a.test.", "b.test."});
}

TEST_CASE("zones are found by part of the name and by state", "[web]") {
    struct Row {
        const char* name;
        OverviewQuery query;
        std::vector<std::string> expected;
    };
    const Row rows[] = {
        {"any case", {.text = "LATE", .state = ""}, {"later.test.", "late.test."}},
        {"state", {.text = "", .state = "held"}, {"held.test."}},
        {"behind", {.text = "", .state = "behind"}, {"later.test.", "late.test."}},
        {"problems and name",
         {.text = "s", .state = "problems"},
         {"expired.test.", "held.test.", "stale.test.", "later.test.", "late.test."}},
        {"no such state: all of the name", {.text = "a.t", .state = "<b>"}, {"a.test."}},
        {"nothing", {.text = "no such", .state = ""}, {}},
    };
    const Facts facts = mixed();
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            CHECK(names_of(overview_of(facts, row.query)) == row.expected);
        }
    }
    const Overview all = overview_of(facts, {.text = "held", .state = ""});
    CHECK(all.need_attention == 3);
    CHECK(all.behind == 2);
}

TEST_CASE("many zones are shown page by page", "[web]") {
    std::vector<ZoneStatus> zones;
    zones.reserve(250);
    for (int i = 0; i < 250; ++i) {
        zones.push_back(zone(fmt::format("z{}.", 1000 + i), ZoneState::current, kSerial));
    }
    const Facts facts = facts_of(zones);
    const Overview second = overview_of(facts, {.text = "", .state = "", .page = 2});
    CHECK(second.pages == 3);
    REQUIRE(second.rows.size() == kZonesPerPage);
    CHECK(second.rows.front()->zone == "z1100.");
    CHECK(overview_of(facts, {.text = "", .state = "", .page = 99}).page == 3);
    CHECK(overview_of(facts, {.text = "", .state = "", .page = 0}).page == 1);
    const std::string page =
        overview_page(facts, {}, {.text = "z1", .state = "current", .page = 2});
    CHECK(has(page, "href=\"/?q=z1&amp;state=current&amp;page=3\""));
    CHECK(has(page, "Page 2 of 3"));
}

TEST_CASE("nothing that a peer or a visitor wrote becomes markup", "[web]") {
    const std::string nasty = "<img src=x onerror=alert(1)>\"'&\x01\xFF";
    ZoneStatus bad = zone(nasty, ZoneState::failed, kSerial);
    bad.reason = nasty;
    bad.source = nasty;
    bad.digest = nasty;
    bad.served =
        control::ServedStatus{.server = nasty, .serial = kSerial, .since = {}, .error = nasty};
    bad.peers = {peer(nasty, kSerial, seconds{3})};
    Facts facts = facts_of({bad, bad});
    facts.host = nasty;
    ZoneDetails details;
    details.decisions = {{UnixTime{1}, 2, nasty, nasty}};
    details.versions = {{.from = kSerial, .to = kSerial, .source = nasty}};
    for (const std::string& page :
         {overview_page(facts, {}, {.text = nasty, .state = nasty, .page = 1, .refresh = 5}),
          zone_page(facts, {}, details, 5), not_found_page(facts, nasty)}) {
        CHECK_FALSE(has(page, "<img"));
        CHECK_FALSE(has(page, "\"'"));
        CHECK_FALSE(has(page, "\x01"));
        CHECK_FALSE(has(page, "\xFF"));
        CHECK_FALSE(has(page, "<script"));
        CHECK_FALSE(has(page, " style="));
    }
}

TEST_CASE("a cell says serial and lag in words", "[web]") {
    ZoneStatus one = zone("a.test.", ZoneState::current, kSerial);
    one.peers = {peer("ns2", dns::Serial{5}, seconds{300}), peer("ns3", {}, {})};
    const std::string page = overview_page(facts_of({one}), {}, {});
    CHECK(has(page, "5 min behind"));
    CHECK(has(page, "serial 5<"));
    CHECK(has(page, "not known yet"));
    CHECK(has(page, "no version"));
    CHECK(has(page, "1 of 1 zone has a peer behind"));
    CHECK(has(page, "href=\"/zone/a.test.\""));
}

TEST_CASE("a shared history has its line, loud where something is in its way", "[web]") {
    Facts facts = facts_of({zone("a.test.", ZoneState::current, kSerial)});
    CHECK_FALSE(has(overview_page(facts, LagHistory{}, {}), "Shared history"));
    control::SharedStatus& shared = facts.status.shared.emplace();
    shared.name = "ns2";
    shared.role = "following";
    shared.leader = "ns<1>";
    shared.connected = true;
    CHECK(has(overview_page(facts, LagHistory{}, {}),
              "<p class=\"quiet\">Shared history: ns&lt;1&gt; leads; this is ns2, following, no "
              "zone known behind</p>"));
    shared.connected = false;
    shared.problem = "connection refused";
    CHECK(has(overview_page(facts, LagHistory{}, {}),
              "<p class=\"warn\">Shared history: ns&lt;1&gt; leads; this is ns2, following, no "
              "zone known behind; PostgreSQL has not answered yet: connection refused</p>"));
}

TEST_CASE("the page loads itself anew only when asked to", "[web]") {
    const Facts facts = facts_of({zone("a.test.", ZoneState::current, kSerial)});
    CHECK_FALSE(has(overview_page(facts, {}, {}), "http-equiv"));
    const std::string page =
        overview_page(facts, {}, {.text = "", .state = "", .page = 1, .refresh = 10});
    CHECK(has(page, "<meta http-equiv=\"refresh\" content=\"10\">"));
    CHECK(has(page, "Stop refreshing"));
}

TEST_CASE("the page of a zone tells all that is known", "[web]") {
    ZoneStatus one = zone("a.test.", ZoneState::expired, kSerial);
    one.reason = "no primary confirmed it";
    one.records = 12345;
    one.digest = "00ff";
    one.expires_in = seconds{-7200};
    one.peers = {peer("ns2", kSerial, seconds{0})};
    ZoneDetails details;
    details.decisions = {{UnixTime{60}, 3, "warning", "SOA check failed"}};
    details.versions = {
        {.from = dns::Serial{6}, .to = kSerial, .added = 2, .removed = 1, .source = "ns1"}};
    const std::string page = zone_page(facts_of({one}), {}, details, 0);
    for (const char* text :
         {"expired", "no primary confirmed it", "12,345", "00ff", "2 h ago", "ns2", "in step",
          "SOA check failed", "(3 times)", "6 → 7", "+2", "-1"}) {
        CAPTURE(text);
        CHECK(has(page, text));
    }
    CHECK_FALSE(has(zone_page(facts_of({one}), {}, {}, 0), "History"));
}

TEST_CASE("the style sheet asks nothing of others", "[web]") {
    CHECK_FALSE(has(style_sheet(), "url("));
    CHECK_FALSE(has(style_sheet(), "@import"));
    CHECK(has(style_sheet(), "prefers-color-scheme: dark"));
}

}  // namespace twinzone::web
