// The daemon's status, from facts: what the store holds, what the follower saw, what peers showed.

#include <fmt/format.h>

#include "common/control/calendar.h"
#include "common/service/catalogs.h"
#include "common/service/daemon.h"
#include "common/service/hold_status.h"

namespace twinzone::service {

namespace {

control::ZoneState state_of(const Follower::View& view, bool has_version) {
    if (view.state == transfer::RefreshState::expired) {
        return control::ZoneState::expired;
    }
    if (view.transferring) {
        return control::ZoneState::transferring;
    }
    if (!has_version) {
        return view.last_error.empty() ? control::ZoneState::loading : control::ZoneState::failed;
    }
    const bool confirmed =
        view.state == transfer::RefreshState::fresh && view.last_error.empty() && !view.source_lost;
    return confirmed ? control::ZoneState::current : control::ZoneState::stale;
}

control::TransferStatus transfer_status(const Follower::Progress& progress) {
    control::TransferStatus status;
    status.remote = progress.remote.to_text();
    status.type = progress.asked == TransferType::axfr ? "AXFR" : "IXFR";
    status.records = progress.records;
    status.bytes = progress.bytes;
    status.took = std::chrono::floor<seconds>(progress.took);
    const auto ms =
        static_cast<std::uint64_t>(std::max<std::int64_t>(1, progress.took / milliseconds{1}));
    status.bytes_per_second = progress.bytes * 1000 / ms;
    status.committing = progress.committing;
    return status;
}

void add_view(control::ZoneStatus& status, const Follower::View& view) {
    status.state = state_of(view, status.serial.has_value());
    status.reason = view.last_error;
    if (status.reason.empty() && view.source_lost) {
        status.reason = fmt::format(
            "no primary is nearer to its source than we are: the source is lost, or the primaries "
            "feed each other; not confirmed by a source for {}",
            control::span_in_words(*view.source_lost));
    }
    if (status.reason.empty() && status.state == control::ZoneState::stale) {
        status.reason = "no primary has confirmed it since its refresh interval passed";
    }
    if (status.reason.empty()) {
        status.reason = view.other_content;
    }
    status.source = view.source;
    if (view.progress) {
        status.transfer = transfer_status(*view.progress);
    }
    status.expires_in = view.expires_in;
    status.next_refresh_in = view.next_check_in;
    if (view.last_success.value() != 0) {
        status.last_success = view.last_success;
    }
    if (status.state == control::ZoneState::current) {
        status.lag = seconds{0};
    }
}

}  // namespace

control::Status Daemon::status_without_zones() const {
    control::Status status;
    status.role = config_.role == config::Role::primary ? "primary" : "secondary";
    status.version = TWINZONE_VERSION;
    status.uptime = std::chrono::floor<seconds>(loop_.now().instant - started_);
    status.shared = sharing_status();
    return status;
}

control::Status Daemon::status() const {
    control::Status status = status_without_zones();
    const Now now = loop_.now();
    status.zones.reserve(zones_.size());
    for (std::size_t place = 0; place < zones_.size(); ++place) {
        status.zones.push_back(zone_status(zone_at(place), now));
    }
    return status;
}

std::optional<control::ZoneStatus> Daemon::zone_status_at(std::size_t place) const {
    if (place >= zones_.size()) {
        return std::nullopt;
    }
    return zone_status(zone_at(place), loop_.now());
}

control::ZoneStatus Daemon::zone_status(const config::Zone& zone, Now now) const {
    control::ZoneStatus status;
    status.zone = zone.name.to_text();
    const zone::ZoneState* state = store_->find(zone.name);
    if (state != nullptr && state->version) {
        status.serial = state->version->serial();
        status.digest = state->version->digest.to_text();
        status.records = state->version->records;
        status.wire_bytes = state->version->wire_bytes;
        status.state = control::ZoneState::current;
        if (state->timers.last_success.value() != 0) {
            status.last_success = state->timers.last_success;
        }
    }
    if (const std::optional<Follower::View> view = follower_->view(now, zone.name)) {
        add_view(status, *view);
    } else if (state != nullptr && is_promoted(zone.name)) {
        status.source = control::kPromotedSource;
        status.reason =
            fmt::format("promoted at {}: its primaries are not asked, and it does not expire",
                        control::to_rfc3339(state->timers.promoted));
    }
    status.peers = watch_->peers(zone.name);
    if (hooks_.describe) {
        hooks_.describe(status, zone.name);
    }
    if (catalogs_ != nullptr) {
        catalogs_->describe(status, zone.name);
    }
    if (status.reason.empty()) {
        status.reason = gate_->warning(zone.name);
    }
    add_hold(status, store_->hold(zone.name));
    return status;
}

}  // namespace twinzone::service
