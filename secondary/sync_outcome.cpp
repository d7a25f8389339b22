#include "secondary/sync_outcome.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/control/calendar.h"

namespace twinzone::secondary {

bool SyncOutcome::changed() const noexcept {
    return std::any_of(zones.begin(), zones.end(),
                       [](const ZoneOutcome& zone) { return zone.changed; });
}

std::vector<std::string> addresses_of(const std::vector<config::RemotePtr>& remotes) {
    std::vector<std::string> addresses;
    for (const config::RemotePtr& remote : remotes) {
        for (const Endpoint& endpoint : remote->addresses) {
            addresses.push_back(endpoint.to_text());
        }
    }
    return addresses;
}

std::string unfinished_text(seconds timeout) {
    return fmt::format("not done within {}, the time given to the sync",
                       control::span_in_words(timeout));
}

void set_facts(ZoneOutcome& outcome, const control::ZoneStatus& status, UnixTime now) {
    outcome.serial = status.serial;
    outcome.records = status.records;
    outcome.last_success = status.last_success;
    outcome.expires = status.expires_in ? std::optional{now + *status.expires_in} : std::nullopt;
    outcome.is_held = status.state == control::ZoneState::held;
    if (outcome.is_held && !outcome.error) {
        outcome.error = Error{Errc::zone_policy, status.reason};
    }
}

void forgive_young(SyncOutcome& outcome, seconds max_age) {
    for (ZoneOutcome& zone : outcome.zones) {
        const bool may_pass =
            zone.error && !zone.is_held &&
            (!is_local(zone.error->code()) || zone.error->code() == Errc::network);
        const bool is_young =
            zone.last_success && outcome.ended - *zone.last_success <= max_age && zone.serial;
        zone.is_forgiven = may_pass && is_young;
    }
}

config::ExitCode exit_code_of(const SyncOutcome& outcome, bool detailed) noexcept {
    bool held = false;
    for (const ZoneOutcome& zone : outcome.zones) {
        if (zone.needs_telling() && !zone.is_held) {
            return config::ExitCode::some_failed;
        }
        held = held || zone.needs_telling();
    }
    if (held) {
        return config::ExitCode::held;
    }
    return detailed && outcome.changed() ? config::ExitCode::changed : config::ExitCode::ok;
}

}  // namespace twinzone::secondary
