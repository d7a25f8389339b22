// Commits of the daemon, and its part in a history that several primaries share.

#include "common/service/daemon.h"
#include "common/service/event_metrics.h"
#include "common/service/shared_history.h"

namespace twinzone::service {

void Daemon::start_sharing() {
    if (!config_.shared) {
        return;
    }
    shared_ = std::make_unique<SharedHistory>(*this, *config_.shared, desk_, [this] {
        if (hooks_.on_origin) {
            hooks_.on_origin();
        }
    });
    shared_->start();
}

// The lease is given back while there is still somebody who sends it.
void Daemon::stop_sharing() {
    if (shared_) {
        shared_->release([this] { loop_.stop(); });
    } else {
        loop_.stop();
    }
}

bool Daemon::may_originate() const {
    return !config_.shared || (shared_ && shared_->leads());
}

// What comes by transfer has its serials from where it comes from.
bool Daemon::is_shared(const dns::Name& zone) const {
    const std::optional<config::Zone> settings =
        config_.shared ? zone_settings(zone) : std::nullopt;
    return settings && !settings->is_followed();
}

void Daemon::share(const config::Zone& zone) {
    if (shared_ && is_shared(zone.name)) {
        shared_->put(zone.name);
    }
}

// It may have been agreed to before it failed.
void Daemon::handle_not_shared(const dns::Name& zone) {
    if (shared_) {
        shared_->put(zone);
    }
}

void Daemon::submit(zone::Commit commit, zone::VersionStore::Done done) {
    commit.shared = is_shared(commit.zone);
    zone::VersionStore::Done told = when_committed(commit, std::move(done));
    gate_->submit(std::move(commit), std::move(told));
}

zone::VersionStore::Done Daemon::when_committed(zone::Commit& commit,
                                                zone::VersionStore::Done done) {
    const std::optional<config::Zone> settings = zone_settings(commit.zone);
    TWINZONE_ASSERT(settings.has_value());
    for (const config::RemotePtr& remote : (*settings)->notify) {
        commit.owe_notify.push_back(remote->name);
    }
    const bool approved = std::holds_alternative<zone::PublishHeld>(commit.change);
    return [this, approved, zone = commit.zone, was_shared = commit.shared,
            done = std::move(done)](Result<zone::Committed> result) {
        if (!result && was_shared) {
            handle_not_shared(zone);
        }
        if (result && result->changed) {
            handle_published(zone, *result->version);
        }
        if (result && result->held) {
            events_.record(loop_.now(), zone, *result->held);
            count_held(metrics_, *result->held);
            handle_held(zone, *result->held);
        }
        if (result && approved) {
            follower_->handle_approved(loop_.now(), zone, *result->version);
            follower_runner_->kick();
        }
        done(std::move(result));
    };
}

void Daemon::submit_agreed(zone::Commit commit, zone::VersionStore::Done done) {
    zone::VersionStore::Done told = when_committed(commit, std::move(done));
    store_->submit(std::move(commit), std::move(told));
}

std::optional<control::SharedStatus> Daemon::sharing_status() const {
    return shared_ ? std::optional{shared_->status()} : std::nullopt;
}

}  // namespace twinzone::service
