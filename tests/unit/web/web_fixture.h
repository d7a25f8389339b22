// Facts made in a test.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/web/facts.h"

namespace twinzone::web::test {

inline control::ZoneStatus zone(std::string name, control::ZoneState state,
                                std::optional<dns::Serial> serial) {
    control::ZoneStatus status;
    status.zone = std::move(name);
    status.state = state;
    status.serial = serial;
    return status;
}

inline control::PeerStatus peer(std::string name, std::optional<dns::Serial> serial,
                                std::optional<seconds> lag) {
    control::PeerStatus status;
    status.remote = std::move(name);
    status.serial = serial;
    status.lag = lag;
    return status;
}

inline Facts facts_of(std::vector<control::ZoneStatus> zones) {
    Facts facts;
    facts.status.role = "secondary";
    facts.status.version = "1.2.3";
    facts.status.zones = std::move(zones);
    facts.expires.resize(facts.status.zones.size());
    return facts;
}

}  // namespace twinzone::web::test
