#include "common/web/metrics_text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "common/observe/exposition.h"
#include "common/observe/process_facts.h"

namespace twinzone::web {

namespace {

using observe::Exposition;
using observe::MetricType;

double number(seconds span) {
    return static_cast<double>(span.count());
}
double number(UnixTime time) {
    return static_cast<double>(time.value());
}
double number(std::uint64_t count) {
    return static_cast<double>(count);
}

bool has_peer(const control::ZoneStatus& zone, std::string_view name) {
    return std::any_of(zone.peers.begin(), zone.peers.end(),
                       [&](const control::PeerStatus& peer) { return peer.remote == name; });
}

void put_versions(Exposition& out, const Facts& facts) {
    out.begin(MetricType::gauge, "twinzone_zone_serial", "Serial of the version in service.",
              {"zone"});
    for (const control::ZoneStatus& zone : facts.status.zones) {
        if (zone.serial) {
            out.add({zone.zone}, zone.serial->value());
        }
    }
    out.begin(MetricType::gauge, "twinzone_zone_records", "Records of the version in service.",
              {"zone"});
    for (const control::ZoneStatus& zone : facts.status.zones) {
        if (zone.serial) {
            out.add({zone.zone}, number(zone.records));
        }
    }
}

void put_times(Exposition& out, const Facts& facts) {
    out.begin(MetricType::gauge, "twinzone_zone_expire_timestamp_seconds",
              "When the zone expires unless a primary confirms it, Unix time.", {"zone"});
    for (std::size_t i = 0; i < facts.expires.size(); ++i) {
        if (facts.expires[i].value() != 0) {
            out.add({facts.status.zones[i].zone}, number(facts.expires[i]));
        }
    }
    out.begin(MetricType::gauge, "twinzone_zone_last_success_timestamp_seconds",
              "When a primary last confirmed the zone, or its file was last read, Unix time.",
              {"zone"});
    for (const control::ZoneStatus& zone : facts.status.zones) {
        if (zone.last_success) {
            out.add({zone.zone}, number(*zone.last_success));
        }
    }
}

// Remotes of the configuration, each once: several that come from one address under several keys
// may have one name, and then the one that lags most speaks for it.
std::vector<const control::PeerStatus*> peers_by_name(const control::ZoneStatus& zone) {
    std::vector<const control::PeerStatus*> peers;
    for (const control::PeerStatus& peer : zone.peers) {
        const auto same = std::find_if(peers.begin(), peers.end(), [&](const auto* other) {
            return other->remote == peer.remote;
        });
        if (same != peers.end()) {
            *same = (*same)->lag < peer.lag ? &peer : *same;
        } else if (is_named(peer)) {
            peers.push_back(&peer);
        }
    }
    return peers;
}

void put_peers(Exposition& out, const Facts& facts) {
    out.begin(
        MetricType::gauge, "twinzone_zone_lag_seconds",
        "Age of the oldest change the peer lacks, 0 when in step; peer \"self\": this server.",
        {"zone", "peer"});
    for (const control::ZoneStatus& zone : facts.status.zones) {
        if (zone.lag && !has_peer(zone, kSelf)) {
            out.add({zone.zone, kSelf}, number(*zone.lag));
        }
        for (const control::PeerStatus* peer : peers_by_name(zone)) {
            if (peer->lag) {
                out.add({zone.zone, peer->remote}, number(*peer->lag));
            }
        }
    }
    out.begin(MetricType::gauge, "twinzone_peer_serial", "Serial the peer was last seen with.",
              {"zone", "peer"});
    for (const control::ZoneStatus& zone : facts.status.zones) {
        for (const control::PeerStatus* peer : peers_by_name(zone)) {
            if (peer->serial) {
                out.add({zone.zone, peer->remote}, peer->serial->value());
            }
        }
    }
}

void put_served(Exposition& out, const Facts& facts) {
    out.begin(MetricType::gauge, "twinzone_served_serial",
              "Serial that the server we hand the zone to answered last.", {"zone", "server"});
    for (const control::ZoneStatus& zone : facts.status.zones) {
        if (zone.served && zone.served->serial) {
            out.add({zone.zone, zone.served->server}, zone.served->serial->value());
        }
    }
}

void put_states(Exposition& out, const Facts& facts) {
    constexpr std::size_t states = static_cast<std::size_t>(control::ZoneState::loading) + 1;
    std::array<std::uint64_t, states> counts{};
    for (const control::ZoneStatus& zone : facts.status.zones) {
        ++counts[static_cast<std::size_t>(zone.state)];
    }
    out.begin(MetricType::gauge, "twinzone_zones", "Zones, by their state.", {"state"});
    for (std::size_t i = 0; i < states; ++i) {
        out.add({control::to_string(static_cast<control::ZoneState>(i))}, number(counts[i]));
    }
}

// Of a primary that has one with others; nothing where there is none.
void put_shared(Exposition& out, const Facts& facts) {
    if (!facts.status.shared) {
        return;
    }
    const control::SharedStatus& shared = *facts.status.shared;
    out.begin(MetricType::gauge, "twinzone_shared_role",
              "Our part in the shared history: 1 for what it is, 0 for what it is not.", {"role"});
    for (const std::string_view role : {"leading", "catching-up", "following"}) {
        out.add({role}, shared.role == role ? 1 : 0);
    }
    if (!shared.leader.empty()) {
        out.begin(MetricType::gauge, "twinzone_shared_leader_info",
                  "Who has the lease, as PostgreSQL said last; always 1.", {"leader"});
        out.add({shared.leader}, 1);
    }
    out.put(MetricType::gauge, "twinzone_shared_connected",
            "Whether PostgreSQL, which has the shared history, is reached.",
            shared.connected ? 1 : 0);
    out.put(MetricType::gauge, "twinzone_shared_sequence",
            "Number of the newest version in the shared history, as far as it is known here.",
            number(shared.sequence));
    out.put(MetricType::gauge, "twinzone_shared_zones_behind",
            "Zones known not to be as in the shared history.", number(shared.zones_behind));
    if (shared.last_contact_age) {
        out.put(MetricType::gauge, "twinzone_shared_last_contact_timestamp_seconds",
                "When PostgreSQL answered last, Unix time.",
                number(facts.taken) - number(*shared.last_contact_age));
    }
}

void put_events(Exposition& out, const observe::Metrics& metrics) {
    out.put(metrics.transfers);
    out.put(metrics.transfer_bytes);
    out.put(metrics.transfer_duration);
    out.put(metrics.ixfr_fallbacks);
    out.put(metrics.notifies);
    out.put(metrics.soa_checks);
    out.put(metrics.tsig_errors);
    out.put(metrics.tls_errors);
    out.put(metrics.guard_holds);
    out.put(metrics.zone_checks);
    out.put(metrics.digest_checks);
    out.put(metrics.verifications);
    out.put(metrics.commit);
}

void put_process(Exposition& out, const Facts& facts) {
    out.put(MetricType::gauge, "twinzone_loop_lag_seconds",
            "The longest that work kept the event loop from events in the last minute.",
            std::chrono::duration<double>(facts.loop_lag).count());
    if (facts.store_bytes) {
        out.put(MetricType::gauge, "twinzone_store_bytes", "Size of the store's file.",
                number(*facts.store_bytes));
    }
    out.begin(MetricType::gauge, "twinzone_build_info", "What runs; always 1.", {"version"});
    out.add({facts.status.version}, 1);
    if (const auto process = observe::read_process_facts()) {
        observe::put(out, *process);
    }
}

}  // namespace

std::string metrics_text(const Facts& facts, const observe::Metrics& metrics) {
    Exposition out;
    put_versions(out, facts);
    put_times(out, facts);
    put_peers(out, facts);
    put_served(out, facts);
    put_states(out, facts);
    put_shared(out, facts);
    put_events(out, metrics);
    put_process(out, facts);
    return out.take();
}

}  // namespace twinzone::web
