// web_samples DIRECTORY: pages as a daemon would give them, of made-up zones in every state, for
// tests that look at them with a browser. What the states and names are depends on nothing but the
// number of a zone.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "common/web/lag_history.h"
#include "common/web/overview_page.h"
#include "common/web/style.h"
#include "common/web/zone_page.h"

namespace twinzone {

namespace {

using control::PeerStatus;
using control::ZoneState;
using control::ZoneStatus;

constexpr UnixTime kNow{1'790'000'000};

struct Case {
    ZoneState state;
    std::string_view reason;
};

constexpr Case kCases[] = {
    {ZoneState::expired,
     "no primary confirmed it in time: 192.0.2.1@53: connection refused, 2001:db8::1@53: timeout"},
    {ZoneState::failed, "zones/db.example:12:9: 'www' has a CNAME and other records"},
    {ZoneState::held, "serial 41 would remove 9,120 of 10,000 records: approve or reject it"},
    {ZoneState::stale, "no primary has confirmed it since its refresh interval passed"},
    {ZoneState::frozen, "frozen by an operator"},
    {ZoneState::loading, ""},
    {ZoneState::transferring, "AXFR from 192.0.2.1@53, 41 % of 10,000,000 records"},
};

ZoneStatus sample(std::size_t i, std::size_t peers, bool with_problems) {
    ZoneStatus zone;
    zone.zone =
        fmt::format("{}-{:05}.example.", i % 7 == 0 ? "customer-with-a-long-name" : "zone", i);
    zone.state = ZoneState::current;
    if (with_problems && i % 23 < std::size(kCases) && i / 23 % 3 == 0) {
        zone.state = kCases[i % 23].state;
        zone.reason = kCases[i % 23].reason;
    }
    if (zone.state != ZoneState::loading) {
        zone.serial = dns::Serial{static_cast<std::uint32_t>(2026092000U + i % 97)};
        zone.digest = fmt::format("{:032x}", i * 2654435761U);
        zone.records = 10 + i * 37;
        zone.wire_bytes = zone.records * 41;
        zone.last_success = kNow + seconds{-40};
        zone.lag = zone.state == ZoneState::stale ? seconds{7200} : seconds{0};
        if (zone.state == ZoneState::expired) {
            zone.lag = seconds{605'000};
        }
        zone.expires_in = zone.state == ZoneState::expired ? seconds{-4000} : seconds{604'760};
        zone.next_refresh_in = seconds{static_cast<std::int64_t>(i % 3600)};
        zone.source = "192.0.2.1@53";
    }
    if (zone.serial && peers > 1) {
        zone.served = control::ServedStatus{
            .server = "127.0.0.1@53",
            .serial = zone.serial,
            .since = kNow + seconds{-40},
            .error = i % 31 == 12 && with_problems ? "nsd-control reload: exit code 1" : ""};
    }
    for (std::size_t p = 0; p < peers; ++p) {
        PeerStatus peer;
        peer.remote = fmt::format("ns{}", p + 2);
        peer.serial = zone.serial;
        peer.lag = seconds{0};
        peer.last_contact = kNow + seconds{-40};
        peer.address = fmt::format("192.0.2.{}@53", p + 2);
        peer.served = peer.serial;
        peer.acknowledged = peer.serial;
        peer.last_acknowledged = kNow + seconds{-42};
        peer.last_soa_asked = kNow + seconds{-41};
        peer.last_transfer = kNow + seconds{-40};
        if (with_problems && (i + p) % 29 == 11) {
            peer.serial = dns::Serial{2026091999U};
            peer.problem = "no answer to the SOA query";
            peer.lag = seconds{static_cast<std::int64_t>(45 + (i % 40) * 61)};
        } else if (with_problems && (i + p) % 101 == 50) {
            const std::string name = peer.remote;
            peer = {};
            peer.remote = name;
        }
        zone.peers.push_back(std::move(peer));
    }
    return zone;
}

web::Facts facts_of(std::size_t zones, std::size_t peers, bool with_problems) {
    web::Facts facts;
    facts.status.role = "secondary";
    facts.status.version = TWINZONE_VERSION;
    facts.status.uptime = hours{50};
    facts.host = "ns2.example.net";
    facts.taken = kNow;
    for (std::size_t i = 0; i < zones; ++i) {
        facts.status.zones.push_back(sample(i, peers, with_problems));
    }
    facts.expires.resize(zones);
    return facts;
}

// Lags that come and go until they are what `facts` says.
web::LagHistory history_of(const web::Facts& facts) {
    web::LagHistory history;
    for (std::size_t step = 0; step < web::LagHistory::kSamples; ++step) {
        web::Facts then = facts;
        then.taken = facts.taken + seconds{10 * (static_cast<std::int64_t>(step) - 59)};
        for (ZoneStatus& zone : then.status.zones) {
            for (PeerStatus& peer : zone.peers) {
                const std::size_t wave = (step + zone.zone.size() + zone.records) % 20;
                if (peer.lag && *peer.lag > seconds{0}) {
                    peer.lag = *peer.lag * static_cast<std::int64_t>(step) / 59;
                } else if (peer.lag && zone.records % 5 == 0 && wave < 3 && step < 50) {
                    peer.lag = seconds{static_cast<std::int64_t>(wave * 9)};
                }
            }
        }
        history.add(then);
    }
    return history;
}

web::ZoneDetails details() {
    web::ZoneDetails out;
    out.decisions = {
        {kNow + seconds{-5}, 1, "error",
         "expired: no primary confirmed it in time; it is no longer served"},
        {kNow + seconds{-40}, 312, "warning", "a primary was asked and gave no usable answer",
         "remote 192.0.2.1@53: connection refused"},
        {kNow + seconds{-7200}, 1, "info", "the primary has serial 2026092001, which is ours"},
    };
    for (std::uint32_t i = 0; i < 12; ++i) {
        out.versions.push_back({.from = dns::Serial{2026092000U - i - 1},
                                .to = dns::Serial{2026092000U - i},
                                .added = 3U * i + 1,
                                .removed = i,
                                .at = kNow + seconds{-86'400 * static_cast<std::int64_t>(i)},
                                .source = "192.0.2.1@53"});
    }
    return out;
}

class Writer {
  public:
    explicit Writer(std::filesystem::path folder) : folder_(std::move(folder)) {}

    void put(const std::string& name, const std::string& text) {
        std::ofstream file{folder_ / name, std::ios::binary};
        file << text;
        good_ = good_ && file.good();
    }
    [[nodiscard]] bool good() const noexcept { return good_; }

  private:
    std::filesystem::path folder_;
    bool good_ = true;
};

void put_overviews(Writer& out) {
    struct Row {
        const char* name = "";
        std::size_t zones = 0;
        std::size_t peers = 0;
        bool with_problems = false;
        web::OverviewQuery query;
    };
    const Row rows[] = {
        {"one.html", 1, 1, false, {}},
        {"none.html", 0, 0, false, {}},
        {"fifty.html", 50, 2, false, {}},
        {"fifty-problems.html", 50, 2, true, {}},
        {"many.html", 5000, 3, true, {}},
        {"many-held.html", 5000, 3, true, {.text = "", .state = "held", .page = 1, .refresh = 60}},
        {"many-page.html", 5000, 3, true, {.text = "zone", .state = "", .page = 7, .refresh = 0}},
        {"many-nothing.html",
         5000,
         3,
         true,
         {.text = "<b>\"&", .state = "", .page = 1, .refresh = 0}},
        {"wide.html", 20, 9, true, {}},
    };
    web::Facts facts;
    web::LagHistory history;
    std::tuple<std::size_t, std::size_t, bool> made;
    for (const Row& row : rows) {
        const auto wanted = std::make_tuple(row.zones, row.peers, row.with_problems);
        if (made != wanted) {
            facts = facts_of(row.zones, row.peers, row.with_problems);
            history = history_of(facts);
            made = wanted;
        }
        out.put(row.name, web::overview_page(facts, history, row.query));
    }
}

void put_zones(Writer& out) {
    const web::Facts all = facts_of(50, 3, true);
    for (const ZoneState state : {ZoneState::current, ZoneState::stale, ZoneState::held,
                                  ZoneState::expired, ZoneState::failed, ZoneState::loading}) {
        for (const ZoneStatus& zone : all.status.zones) {
            if (zone.state == state) {
                web::Facts facts = all;
                facts.status.zones = {zone};
                out.put(fmt::format("zone-{}.html", control::to_string(state)),
                        web::zone_page(facts, history_of(facts), details(), 0));
                break;
            }
        }
    }
    out.put("not-found.html", web::not_found_page(all, "This server has no such zone."));
}

}  // namespace

}  // namespace twinzone

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: web_samples DIRECTORY\n", stderr);
        return 2;
    }
    twinzone::Writer out{argv[1]};
    twinzone::put_overviews(out);
    twinzone::put_zones(out);
    out.put("style.css", twinzone::web::style_sheet());
    return out.good() ? 0 : 1;
}
