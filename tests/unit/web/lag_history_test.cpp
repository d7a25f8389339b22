#include "common/web/lag_history.h"

#include <algorithm>

#include "common/web/metrics_text.h"
#include "common/web/sparkline.h"
#include "tests/support/catch.h"
#include "tests/unit/web/web_fixture.h"

namespace twinzone::web {

namespace {

using control::ZoneState;
using control::ZoneStatus;
using Series = std::vector<std::optional<std::uint32_t>>;

ZoneStatus lagging(std::optional<seconds> lag, std::string name = "a.") {
    ZoneStatus status = test::zone(std::move(name), ZoneState::current, dns::Serial{1});
    status.peers = {test::peer("ns2", dns::Serial{1}, lag)};
    return status;
}

void add(LagHistory& history, std::int64_t at, std::optional<seconds> lag) {
    Facts facts = test::facts_of({lagging(lag)});
    facts.taken = UnixTime{at};
    history.add(facts);
}

}  // namespace

TEST_CASE("lags are kept oldest first, and who was in step before has zeros", "[web]") {
    LagHistory history;
    add(history, 100, seconds{0});
    add(history, 110, seconds{7});
    add(history, 120, {});
    add(history, 130, seconds{100'000});
    CHECK(history.series(lagging(seconds{0}), "ns2") == Series{0, 7, std::nullopt, 65534});
    CHECK(history.span() == seconds{30});
    CHECK(history.series(lagging(seconds{0}), kSelf) ==
          Series{std::nullopt, std::nullopt, std::nullopt, std::nullopt});
}

TEST_CASE("who was in step all the while costs nothing", "[web]") {
    LagHistory history;
    add(history, 0, seconds{0});
    add(history, 10, seconds{0});
    CHECK(history.kept() == 0);
    CHECK(history.series(lagging(seconds{0}), "ns2") == Series{0, 0});
    add(history, 20, seconds{3});
    CHECK(history.kept() == 1);
    for (std::size_t i = 0; i < LagHistory::kSamples; ++i) {
        add(history, 30, seconds{0});
    }
    CHECK(history.kept() == 0);
    CHECK(history.series(lagging(seconds{0}), "ns2").size() == LagHistory::kSamples);
}

TEST_CASE("a zone that has gone is forgotten in time", "[web]") {
    LagHistory history;
    add(history, 0, seconds{9});
    for (std::size_t i = 0; i < LagHistory::kSamples; ++i) {
        history.add(test::facts_of({}));
    }
    CHECK(history.kept() == 0);
}

TEST_CASE("no more lags are kept than allowed", "[web]") {
    std::vector<ZoneStatus> zones;
    for (std::size_t i = 0; i < LagHistory::kMaxSeries + 10; ++i) {
        zones.push_back(lagging(seconds{1}, std::to_string(i)));
    }
    LagHistory history;
    history.add(test::facts_of(std::move(zones)));
    CHECK(history.kept() == LagHistory::kMaxSeries);
}

TEST_CASE("a sparkline says its meaning and breaks where nothing was known", "[web]") {
    CHECK(sparkline({}, seconds{0}, {}).empty());
    CHECK(sparkline({0, std::nullopt}, seconds{10}, {}).empty());
    const std::string line = sparkline({0, 240, std::nullopt, 0, 0}, seconds{600}, {});
    CHECK(line.find("aria-label=\"Lag over 10 min: at most 4 min behind\"") != std::string::npos);
    CHECK(std::count(line.begin(), line.end(), 'M') == 2);
    CHECK(sparkline({0, 0}, seconds{600}, {}).find("in step all the while") != std::string::npos);
}

}  // namespace twinzone::web
