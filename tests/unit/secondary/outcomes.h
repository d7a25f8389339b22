// Zones as a sync may leave them.
#pragma once

#include <string>
#include <utility>

#include "secondary/sync_outcome.h"

namespace twinzone::test {

using secondary::SyncOutcome;
using secondary::ZoneOutcome;

inline constexpr UnixTime kNow{1'800'000'000};  // 2027-01-15T08:00:00Z

// Confirmed `age` ago, in service with serial 7.
inline ZoneOutcome confirmed(std::string zone, seconds age) {
    ZoneOutcome outcome;
    outcome.zone = std::move(zone);
    outcome.primaries = {"192.0.2.1@53"};
    outcome.before = dns::Serial{7};
    outcome.serial = dns::Serial{7};
    outcome.records = 12;
    outcome.last_success = UnixTime{kNow.value() - age.count()};
    outcome.expires = kNow + hours{49};
    return outcome;
}

inline ZoneOutcome failed(std::string zone, Errc code, seconds age) {
    ZoneOutcome outcome = confirmed(std::move(zone), age);
    outcome.error = Error{code, "it went wrong"};
    return outcome;
}

inline SyncOutcome ended(std::vector<ZoneOutcome> zones) {
    return {.ended = kNow, .took = milliseconds{1500}, .zones = std::move(zones)};
}

}  // namespace twinzone::test
