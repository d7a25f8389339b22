#include "tests/sim/topology.h"

#include <algorithm>
#include <utility>

namespace twinzone::sim {

namespace {

constexpr const char* kZoneNames[] = {"a.test.", "B.Example.", "."};

struct Named {
    Host host;
    const char* name;
};
constexpr Named kNames[] = {{kPrimary, "ns1"}, {kTwin, "twin"}, {kRelay, "relay"},
                            {2, "ns2"},        {3, "ns3"},      {6, "ns4"}};

const char* name_of(Host host) {
    return std::find_if(std::begin(kNames), std::end(kNames),
                        [host](const Named& named) { return named.host == host; })
        ->name;
}

bool is_secondary(Host host) {
    return std::count(std::begin(kSecondaries), std::end(kSecondaries), host) > 0;
}

std::vector<Host> hosts_of(const Topology& topology) {
    std::vector<Host> hosts;
    hosts.reserve(std::size(kNames));
    hosts.push_back(kPrimary);
    if (topology.twin != Twin::none) {
        hosts.push_back(kTwin);
    }
    if (topology.relayed) {
        hosts.push_back(kRelay);
    }
    for (const Host host : kSecondaries) {
        hosts.push_back(host);
    }
    return hosts;
}

std::vector<Host> primaries_of(const Topology& topology, Host host) {
    std::vector<Host> above;
    if (topology.chained && host == kSecondaries[1]) {
        above.push_back(kSecondaries[0]);
    }
    if (topology.relayed && is_secondary(host)) {
        above.push_back(kRelay);
        return above;
    }
    if (host == kRelay || is_secondary(host)) {
        above.push_back(kPrimary);
        if (topology.twin != Twin::none) {
            above.push_back(kTwin);
        }
    }
    return above;
}

config::RemotePtr remote_of(const Topology& topology, Host host) {
    return std::make_shared<config::Remote>(config::Remote{
        .name = name_of(host), .addresses = {endpoint_of(host)}, .key = topology.key});
}

config::Zone zone_on(const Topology& topology, const dns::Name& name, Host host) {
    config::Zone zone;
    zone.name = name;
    zone.edit().refresh.min = seconds{5};
    zone.edit().retry.min = seconds{2};
    zone.edit().expire_min = seconds{10};
    zone.edit().allow_transfer = {config::AccessRule{.addresses = {}, .key = topology.key}};
    zone.edit().allow_notify = zone->allow_transfer;
    for (const Host above : primaries_of(topology, host)) {
        zone.edit().primaries.push_back(remote_of(topology, above));
    }
    for (const Host other : hosts_of(topology)) {
        const std::vector<Host> above = primaries_of(topology, other);
        if (std::count(above.begin(), above.end(), host) > 0) {
            zone.edit().notify.push_back(remote_of(topology, other));
        }
    }
    if (topology.guarded && is_secondary(host)) {
        zone.edit().guard = config::Guard{.max_delete_percent = 30, .min_records = 10};
    }
    return zone;
}

}  // namespace

Topology draw_topology(World& world) {
    Topology out;
    if (world.chance(60)) {
        out.key = *dns::TsigKey::create(*dns::Name::from_text("sim."),
                                        dns::TsigAlgorithm::hmac_sha256, Bytes(32, 7));
    }
    const std::size_t zones = 1 + world.random().below(std::size(kZoneNames));
    for (std::size_t i = 0; i < zones; ++i) {
        out.zones.push_back(*dns::Name::from_text(kZoneNames[i]));
    }
    out.relayed = world.chance(30);
    out.chained = world.chance(40);
    out.guarded = world.chance(40);
    out.short_expire = world.chance(30);
    // Who follows a server that goes from one primary's content to the other's under one serial
    // sees nothing of it (RFC 1995 asks by serial): not below a relay, and in no chain.
    const std::uint64_t twin = world.random().below(100);
    out.twin = twin < 50                                 ? Twin::none
               : twin < 75 || out.relayed || out.chained ? Twin::same_content
                                                         : Twin::own_content;
    return out;
}

std::vector<NodeSettings> settings_of(const Topology& topology) {
    std::vector<NodeSettings> all;
    for (const Host host : hosts_of(topology)) {
        NodeSettings& settings = all.emplace_back();
        settings.host = host;
        settings.name = name_of(host);
        settings.role =
            host == kPrimary || host == kTwin ? config::Role::primary : config::Role::secondary;
        if (topology.key) {
            settings.keys.add(topology.key);
        }
        for (const dns::Name& zone : topology.zones) {
            settings.zones.push_back(zone_on(topology, zone, host));
        }
    }
    return all;
}

}  // namespace twinzone::sim
