#include "common/service/zone_tally.h"

#include "tests/support/catch.h"

namespace twinzone::service {

using control::ZoneState;

namespace {

control::ZoneStatus zone(ZoneState state) {
    control::ZoneStatus status;
    status.state = state;
    return status;
}

}  // namespace

TEST_CASE("a tally of no zones is not a complaint", "[tally]") {
    CHECK(ZoneTally{}.to_text() == "0/0 zones current, worst lag 0 s");
}

TEST_CASE("a tally names the states that are not current", "[tally]") {
    ZoneTally tally;
    for (const ZoneState state : {ZoneState::current, ZoneState::loading, ZoneState::stale,
                                  ZoneState::current, ZoneState::loading}) {
        tally.add(zone(state));
    }
    CHECK(tally.to_text() == "2/5 zones current, 1 stale, 2 loading, worst lag 0 s");
}

TEST_CASE("the worst lag is a zone's own or that of a peer behind us", "[tally]") {
    control::ZoneStatus behind = zone(ZoneState::stale);
    behind.lag = seconds{40};
    control::ZoneStatus ahead = zone(ZoneState::current);
    ahead.lag = seconds{0};
    ahead.peers.resize(2);
    ahead.peers[1].lag = seconds{41};

    ZoneTally tally;
    tally.add(behind);
    CHECK(tally.to_text() == "0/1 zones current, 1 stale, worst lag 40 s");
    tally.add(ahead);
    CHECK(tally.to_text() == "1/2 zones current, 1 stale, worst lag 41 s");
}

}  // namespace twinzone::service
