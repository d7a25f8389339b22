// The status model: JSON both ways, what `--check` and `--stale` make of it, and the verb.
#include "common/control/status.h"

#include <string>

#include <unistd.h>

#include "common/control/calendar.h"
#include "common/control/status_verb.h"
#include "tests/support/catch.h"
#include "tests/unit/control/samples.h"

namespace twinzone::control {
namespace {

TEST_CASE("status is JSON with the members of the contract, in their order", "[control]") {
    CHECK(
        to_json(test::two_zones()) ==
        R"({"role":"secondary","version":"0.1.0","uptime_seconds":7261,"zones":[)"
        R"({"zone":"example.test.","serial":4294967295,)"
        R"("digest":"00112233445566778899aabbccddeeff","records":1234,"wire_bytes":56789,)"
        R"("state":"current","reason":"","source":"192.0.2.1@53","lag_seconds":0,)"
        R"("last_success":"2026-03-01T12:00:00Z","expires_in_seconds":604800,)"
        R"("next_refresh_in_seconds":30,"peers":[)"
        R"({"remote":"ns3","serial":7,"lag_seconds":90,"last_contact":"2026-03-01T11:59:59Z",)"
        R"("address":"192.0.2.3@53","key":"k1.","configured":true,"served_serial":6,)"
        R"("notified_serial":8,"last_notify_acknowledged":"2026-03-01T11:59:58Z",)"
        R"("last_soa_asked":"2026-03-01T11:59:57Z","last_transfer":"2026-03-01T11:59:56Z",)"
        R"("problem":"no answer"},)"
        R"({"remote":"ns4","serial":null,"lag_seconds":null,"last_contact":null,)"
        R"("address":"","key":"","configured":true,"served_serial":null,"notified_serial":null,)"
        R"("last_notify_acknowledged":null,"last_soa_asked":null,"last_transfer":null,)"
        R"("problem":""}],"served":{"server":"127.0.0.1@53","serial":7,)"
        R"("since":"2026-03-01T12:00:00Z","error":"it is behind"},"transfer":{"remote":"192.0.2.1@53","type":"AXFR","records":1000000,)"
        R"("bytes":50000000,"seconds":12,"bytes_per_second":4166666,"committing":false}},)"
        R"({"zone":"b.test.","serial":null,"digest":"","records":0,"wire_bytes":0,)"
        R"("state":"failed","reason":"192.0.2.1@53 refused the transfer","source":"192.0.2.1@53",)"
        R"("lag_seconds":null,"last_success":null,"expires_in_seconds":null,)"
        R"("next_refresh_in_seconds":5,"peers":[],"served":null}]})");
    CHECK(to_json(Status{.role = "primary", .version = "1", .uptime = seconds{0}, .zones = {}}) ==
          R"({"role":"primary","version":"1","uptime_seconds":0,"zones":[]})");
}

TEST_CASE("status comes back from its JSON", "[control]") {
    const Status status = test::two_zones();
    const auto back = from_json(to_json(status));
    REQUIRE(back);
    CHECK(*back == status);
    Status sharing = status;
    sharing.shared = SharedStatus{.name = "ns2",
                                  .role = "following",
                                  .leader = "ns1",
                                  .connected = true,
                                  .sequence = 7,
                                  .zones_behind = 1,
                                  .last_contact_age = seconds{3},
                                  .problem = "it says why"};
    const auto shared_back = from_json(to_json(sharing));
    REQUIRE(shared_back);
    CHECK(*shared_back == sharing);
    const auto with_more = from_json(
        R"({"role":"primary","version":"9","uptime_seconds":1,"zones":[],"new":{"a":[1]}})");
    REQUIRE(with_more);
    CHECK(with_more->version == "9");
}

TEST_CASE("what is no status is refused", "[control]") {
    const std::string good = to_json(test::two_zones());
    const struct {
        const char* from;
        const char* to;
    } changes[] = {
        {R"("role":"secondary")", R"("role":1)"},
        {R"("uptime_seconds":7261)", R"("uptime_seconds":"long")"},
        {R"("zones":[)", R"("zonen":[)"},
        {R"("serial":4294967295)", R"("serial":4294967296)"},
        {R"("serial":4294967295)", R"("serial":-1)"},
        {R"("serial":4294967295)", R"("serial":1.5)"},
        {R"("state":"current")", R"("state":"fine")"},
        {R"("last_success":"2026-03-01T12:00:00Z")", R"("last_success":"yesterday")"},
        {R"("last_success":"2026-03-01T12:00:00Z")", R"("last_success":"2026-02-30T12:00:00Z")"},
        {R"("remote":"ns3")", R"("remote":null)"},
        {R"("peers":[{)", R"("peers":[0,{)"},
        {R"("digest":"",)", ""},
    };
    for (const auto& change : changes) {
        DYNAMIC_SECTION(change.to) {
            std::string text = good;
            REQUIRE(text.find(change.from) != std::string::npos);
            text.replace(text.find(change.from), std::string{change.from}.size(), change.to);
            const auto status = from_json(text);
            REQUIRE_FALSE(status);
            CHECK(status.error().code() == Errc::message_malformed);
        }
    }
    for (std::size_t length = 0; length < good.size(); length += 7) {
        CHECK_FALSE(from_json(good.substr(0, length)));
    }
}

TEST_CASE("bytes that are no UTF-8 do not break the JSON", "[control]") {
    Status status = test::two_zones();
    status.zones[0].reason = "peer said \xff\xfe\n\"";
    const auto back = from_json(to_json(status));
    REQUIRE(back);
    CHECK(back->zones[0].reason == "peer said \xef\xbf\xbd\xef\xbf\xbd\n\"");
}

TEST_CASE("every state has a name and comes back from it", "[control]") {
    for (const char* name :
         {"current", "transferring", "stale", "held", "expired", "failed", "frozen", "loading"}) {
        const auto state = zone_state_from_text(name);
        REQUIRE(state);
        CHECK(to_string(*state) == name);
    }
    CHECK_FALSE(zone_state_from_text("Current"));
}

TEST_CASE("only zones that are current pass --check and are left out of --stale", "[control]") {
    Status status = test::two_zones();
    CHECK_FALSE(all_current(status));
    keep_not_current(status);
    REQUIRE(status.zones.size() == 1);
    CHECK(status.zones[0].zone == "b.test.");
    status.zones.clear();
    CHECK(all_current(status));
}

TEST_CASE("the daemon answers for all zones, one zone or the stale ones", "[control]") {
    const auto zones = [](const StatusQuery& query) {
        const Response response = answer_status(to_request(query), test::two_zones());
        if (!response.ok()) {
            return response.error + " " + std::to_string(response.exit);
        }
        std::string names;
        const auto answer = from_json(response.output);
        REQUIRE(answer);
        for (const ZoneStatus& zone : answer->zones) {
            names += zone.zone;
        }
        return names;
    };
    const auto name = [](const char* text) { return *dns::Name::from_text(text); };
    CHECK(zones({.zone = {}, .stale = false}) == "example.test.b.test.");
    CHECK(zones({.zone = {}, .stale = true}) == "b.test.");
    CHECK(zones({.zone = name("EXAMPLE.test"), .stale = false}) == "example.test.");
    CHECK(zones({.zone = name("EXAMPLE.test"), .stale = true}).empty());
    CHECK(zones({.zone = name("c.test"), .stale = false}) == "no zone c.test. here 1");
}

TEST_CASE("times are written as RFC 3339 and read back", "[control]") {
    const struct {
        std::int64_t time;
        const char* text;
    } rows[] = {{0, "1970-01-01T00:00:00Z"},
                {951'782'399, "2000-02-28T23:59:59Z"},
                {951'782'400, "2000-02-29T00:00:00Z"},
                {4'102'444'800, "2100-01-01T00:00:00Z"},
                {-1, "1969-12-31T23:59:59Z"}};
    for (const auto& row : rows) {
        CHECK(to_rfc3339(UnixTime{row.time}) == row.text);
        CHECK(from_rfc3339(row.text) == UnixTime{row.time});
    }
    for (const char* bad : {"", "1970-01-01T00:00:00", "1970-01-01 00:00:00Z",
                            "1970-13-01T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:00:60Z",
                            "1970-01-01T-1:00:00Z", "-970-01-01T00:00:00Z"}) {
        CHECK_FALSE(from_rfc3339(bad));
    }
}

}  // namespace
}  // namespace twinzone::control
