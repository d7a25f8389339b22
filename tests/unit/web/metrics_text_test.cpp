#include "common/web/metrics_text.h"

#include <string>

#include "common/web/probes.h"
#include "tests/support/catch.h"
#include "tests/unit/web/web_fixture.h"

namespace twinzone::web {

namespace {

using control::ZoneState;
using control::ZoneStatus;
using test::facts_of;
using test::peer;
using test::zone;

bool has_line(const std::string& text, std::string_view line) {
    const std::size_t at = text.find(line);
    return at != std::string::npos && (at == 0 || text[at - 1] == '\n') &&
           text.substr(at + line.size(), 1) == "\n";
}

}  // namespace

TEST_CASE("zones and peers have their metrics, and only what is known", "[web]") {
    ZoneStatus known = zone("a.test.", ZoneState::stale, dns::Serial{4294967295U});
    known.records = 12;
    known.lag = seconds{30};
    known.last_success = UnixTime{1'700'000'000};
    known.peers = {peer("ns2", dns::Serial{7}, seconds{61}), peer("ns3", {}, {})};
    known.served = control::ServedStatus{
        .server = "127.0.0.1@53", .serial = dns::Serial{6}, .since = {}, .error = ""};
    Facts facts = facts_of({known, zone("b.test.", ZoneState::loading, {})});
    facts.expires[0] = UnixTime{1'700'086'400};
    facts.store_bytes = 4096;
    facts.loop_lag = milliseconds{250};
    const std::string text = metrics_text(facts, {});
    for (const char* line : {
             "twinzone_zone_serial{zone=\"a.test.\"} 4294967295",
             "twinzone_zone_records{zone=\"a.test.\"} 12",
             "twinzone_zone_lag_seconds{zone=\"a.test.\",peer=\"self\"} 30",
             "twinzone_zone_lag_seconds{zone=\"a.test.\",peer=\"ns2\"} 61",
             "twinzone_peer_serial{zone=\"a.test.\",peer=\"ns2\"} 7",
             "twinzone_served_serial{zone=\"a.test.\",server=\"127.0.0.1@53\"} 6",
             "twinzone_zone_expire_timestamp_seconds{zone=\"a.test.\"} 1700086400",
             "twinzone_zone_last_success_timestamp_seconds{zone=\"a.test.\"} 1700000000",
             "twinzone_zones{state=\"stale\"} 1",
             "twinzone_zones{state=\"loading\"} 1",
             "twinzone_zones{state=\"current\"} 0",
             "twinzone_store_bytes 4096",
             "twinzone_loop_lag_seconds 0.25",
             "twinzone_build_info{version=\"1.2.3\"} 1",
             "twinzone_transfers_total{direction=\"in\",type=\"ixfr\",result=\"failed\"} 0",
             "# TYPE twinzone_commit_seconds histogram",
             "# TYPE twinzone_guard_holds_total counter",
             "# TYPE process_cpu_seconds_total counter",
         }) {
        CAPTURE(line);
        CHECK(has_line(text, line));
    }
    CHECK(text.find("b.test.") == std::string::npos);
    CHECK(text.find("ns3") == std::string::npos);
}

TEST_CASE("a remote called self keeps its label, without a second series of it", "[web]") {
    ZoneStatus named = zone("a.test.", ZoneState::current, dns::Serial{1});
    named.lag = seconds{9};
    named.peers = {peer("self", dns::Serial{1}, seconds{0})};
    const std::string text = metrics_text(facts_of({named}), {});
    CHECK(has_line(text, "twinzone_zone_lag_seconds{zone=\"a.test.\",peer=\"self\"} 0"));
    CHECK(text.find("peer=\"self\"} 9") == std::string::npos);
}

TEST_CASE("each peer has one series, and who comes unasked from somewhere has none", "[web]") {
    ZoneStatus one = zone("a.test.", ZoneState::current, dns::Serial{9});
    one.peers = {peer("ns2", dns::Serial{9}, seconds{0}), peer("ns2", dns::Serial{8}, seconds{70}),
                 peer("192.0.2.9", dns::Serial{1}, seconds{99})};
    one.peers.back().configured = false;
    one.peers.back().address = "192.0.2.9";
    const std::string text = metrics_text(facts_of({one}), {});
    CHECK(has_line(text, "twinzone_zone_lag_seconds{zone=\"a.test.\",peer=\"ns2\"} 70"));
    CHECK(has_line(text, "twinzone_peer_serial{zone=\"a.test.\",peer=\"ns2\"} 8"));
    CHECK(text.find("peer=\"ns2\"} 0") == std::string::npos);
    CHECK(text.find("192.0.2.9") == std::string::npos);
}

TEST_CASE("a shared history has its metrics where there is one", "[web]") {
    Facts facts = facts_of({});
    CHECK(metrics_text(facts, {}).find("twinzone_shared") == std::string::npos);
    facts.taken = UnixTime{1'700'000'000};
    control::SharedStatus& shared = facts.status.shared.emplace();
    shared.role = "catching-up";
    shared.sequence = 41;
    shared.zones_behind = 3;
    const std::string before = metrics_text(facts, {});
    CHECK(has_line(before, "twinzone_shared_connected 0"));
    CHECK(before.find("last_contact") == std::string::npos);
    CHECK(before.find("leader_info") == std::string::npos);
    shared.leader = "ns1";
    shared.connected = true;
    shared.last_contact_age = seconds{12};
    const std::string text = metrics_text(facts, {});
    for (const char* line : {
             "twinzone_shared_role{role=\"leading\"} 0",
             "twinzone_shared_role{role=\"catching-up\"} 1",
             "twinzone_shared_role{role=\"following\"} 0",
             "twinzone_shared_leader_info{leader=\"ns1\"} 1",
             "twinzone_shared_connected 1",
             "twinzone_shared_sequence 41",
             "twinzone_shared_zones_behind 3",
             "twinzone_shared_last_contact_timestamp_seconds 1699999988",
         }) {
        CAPTURE(line);
        CHECK(has_line(text, line));
    }
}

TEST_CASE("a broken store has no size", "[web]") {
    CHECK(metrics_text(facts_of({}), {}).find("twinzone_store_bytes") == std::string::npos);
}

TEST_CASE("ready is who serves every zone as it should be", "[web][R51]") {
    struct Row {
        ZoneState state;
        bool has_version;
        bool ready;
    };
    const Row rows[] = {
        {ZoneState::current, true, true},        {ZoneState::transferring, true, true},
        {ZoneState::transferring, false, false}, {ZoneState::frozen, true, true},
        {ZoneState::stale, true, false},         {ZoneState::held, true, false},
        {ZoneState::expired, true, false},       {ZoneState::failed, true, false},
        {ZoneState::loading, false, false},
    };
    for (const Row& row : rows) {
        CAPTURE(control::to_string(row.state), row.has_version);
        const auto serial = row.has_version ? std::optional{dns::Serial{1}} : std::nullopt;
        CHECK(readiness(facts_of({zone("a.", row.state, serial)})).passed == row.ready);
    }
    CHECK(readiness(facts_of({})).text == "ok: 0 zones ready\n");
}

TEST_CASE("who is not ready names each zone and why, one a line", "[web]") {
    ZoneStatus failed = zone("a.test.", ZoneState::failed, {});
    failed.reason = "refused\nby 192.0.2.1";
    const Probe probe = readiness(facts_of({zone("ok.test.", ZoneState::current, dns::Serial{1}),
                                            failed, zone("b.test.", ZoneState::loading, {})}));
    CHECK_FALSE(probe.passed);
    CHECK(probe.text == "a.test. failed: refused by 192.0.2.1\nb.test. loading\n");
}

TEST_CASE("a long list of zones that are not ready ends with a count", "[web]") {
    const std::vector<ZoneStatus> zones(kMaxProbeLines + 7, zone("a.", ZoneState::loading, {}));
    const Probe probe = readiness(facts_of(zones));
    CHECK(probe.text.ends_with("… and 7 more\n"));
}

TEST_CASE("alive is who can write the store", "[web]") {
    CHECK(liveness(false).passed);
    CHECK_FALSE(liveness(true).passed);
}

}  // namespace twinzone::web
