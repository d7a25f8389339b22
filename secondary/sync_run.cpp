#include "secondary/sync_run.h"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

#include <fmt/format.h>

namespace twinzone::secondary {

namespace {

// No zone has come a step further in this long: those that are left have primaries that do not
// answer.
constexpr Duration kPatience = seconds{30};

// What failed in this event, where anything did.
std::optional<Tried> tried_in(const service::FollowerEvent& event) {
    if (const auto* checked = std::get_if<service::SoaChecked>(&event.what)) {
        return checked->error ? std::optional{Tried{.remote = checked->remote.to_text(),
                                                    .what = checked->error->detail()}}
                              : std::nullopt;
    }
    const auto* ended = std::get_if<service::TransferEnded>(&event.what);
    if (ended == nullptr || !ended->error) {
        return std::nullopt;
    }
    const std::string_view type = ended->asked == service::TransferType::ixfr ? "IXFR" : "AXFR";
    return Tried{.remote = ended->remote.to_text(),
                 .what = fmt::format("{} from {}: {}", type, ended->remote.to_text(),
                                     ended->error->detail())};
}

// Tries that nobody answers are no progress: a dead primary is tried again and again.
bool is_progress(const service::FollowerEvent& event) {
    const auto is_answer = [](const std::optional<Error>& error) {
        return !error ||
               (error->code() != Errc::peer_unreachable && error->code() != Errc::network);
    };
    if (const auto* checked = std::get_if<service::SoaChecked>(&event.what)) {
        return is_answer(checked->error);
    }
    if (const auto* ended = std::get_if<service::TransferEnded>(&event.what)) {
        return is_answer(ended->error);
    }
    return !std::holds_alternative<service::TransferBegan>(event.what);
}

// A server beside us that follows us takes the zone from us while the sync runs.
Result<void> listen_for_servers(service::Daemon& daemon) {
    const auto& zones = daemon.config().zones;
    const bool is_followed = std::any_of(zones.begin(), zones.end(), [](const config::Zone& zone) {
        return zone->output.mode == config::OutputMode::loopback;
    });
    return is_followed ? daemon.listen_for_peers() : Result<void>{};
}

}  // namespace

SyncRun::SyncRun() : on_terminal_(::isatty(STDERR_FILENO) == 1) {}

Result<std::unique_ptr<SyncRun>> SyncRun::open(config::Config config) {
    std::unique_ptr<SyncRun> run{new SyncRun};
    service::Daemon::Hooks hooks;
    hooks.on_published = [raw = run.get()](const dns::Name& zone, const zone::Version& version) {
        raw->handle_published(zone, version);
    };
    hooks.on_round = [raw = run.get()](const dns::Name& zone, const service::RoundEnded& round) {
        raw->handle_round(zone, round);
    };
    hooks.on_event = [raw = run.get()](const service::FollowerEvent& event) {
        raw->handle_event(event);
    };
    hooks.on_stop = [raw = run.get()] { raw->why_unfinished_ = "the sync was ended by a signal"; };
    Result<std::unique_ptr<service::Daemon>> opened =
        service::Daemon::open(std::move(config), std::move(hooks));
    if (!opened) {
        return fail(std::move(opened).error());
    }
    run->daemon_ = std::move(*opened);
    service::Daemon& daemon = *run->daemon_;
    if (Result<void> listening = listen_for_servers(daemon); !listening) {
        return fail(std::move(listening).error());
    }
    run->output_ =
        std::make_unique<HandOverRunner>(daemon, [raw = run.get()] { raw->stop_when_done(); });
    run->catalogs_ = std::make_unique<service::Catalogs>(
        daemon,
        service::Catalogs::Program{
            .put = [raw = run.get()](const config::Zone& zone) { raw->begin_member(zone); },
            .remove = [raw = run.get()](const dns::Name& zone) { raw->forget_member(zone); },
            .on_idle = [raw = run.get()] { raw->stop_when_done(); }});
    daemon.hook_runner().set_on_idle([raw = run.get()] { raw->stop_when_done(); });
    run->patience_ = std::make_unique<net::Timer>(daemon.loop());
    run->timeout_ = std::make_unique<net::Timer>(daemon.loop());
    return run;
}

SyncOutcome SyncRun::run(std::optional<seconds> timeout) {
    began_ = daemon_->loop().now().instant;
    if (timeout) {
        timeout_->arm_after(*timeout, [this, timeout] { stop_because(unfinished_text(*timeout)); });
    }
    for (const config::Zone& zone : daemon_->config().zones) {
        begin(zone);
    }
    catalogs_->start();
    watch_patience();
    daemon_->run();
    SyncOutcome outcome = take_outcome();
    patience_.reset();
    timeout_.reset();
    catalogs_.reset();
    output_.reset();
    daemon_.reset();
    return outcome;
}

void SyncRun::begin(const config::Zone& zone) {
    ZoneOutcome& outcome = zones_[zone.name].outcome;
    ++pending_;
    outcome.zone = zone.name.to_text();
    outcome.primaries = addresses_of(zone->primaries);
    const zone::ZoneState* state = daemon_->store().find(zone.name);
    if (state != nullptr && state->version) {
        outcome.before = state->version->serial();
    }
    if (!daemon_->serves(zone.name)) {
        daemon_->add_zone(zone);
    }
    output_->add(zone);
    // There is nobody to fetch it from any more.
    if (daemon_->is_promoted(zone.name) || catalogs_->is_leaving(zone.name)) {
        zones_[zone.name].is_pending = false;
        --pending_;
        daemon_->loop().post([this] { stop_when_done(); });
        return;
    }
    daemon_->refresh(zone.name);
}

// A catalog lists it: by what was known before, or by the version that has just come.
void SyncRun::begin_member(const config::Zone& zone) {
    const auto known = zones_.find(zone.name);
    if (known == zones_.end()) {
        begin(zone);
    } else {
        output_->put(zone);
        daemon_->refresh(zone.name);
    }
}

void SyncRun::forget_member(const dns::Name& zone) {
    output_->remove(zone);
    const auto known = zones_.find(zone);
    if (known != zones_.end()) {
        pending_ -= known->second.is_pending ? 1 : 0;
        zones_.erase(known);
    }
}

void SyncRun::handle_event(const service::FollowerEvent& event) {
    const auto at = zones_.find(event.zone);
    if (at == zones_.end() || !at->second.is_pending) {
        return;
    }
    if (is_progress(event)) {
        watch_patience();
    } else {
        daemon_->loop().post([this] { stop_when_done(); });  // after other primaries were chosen
    }
    if (const auto* progress = std::get_if<service::TransferProgressed>(&event.what)) {
        tell(event.zone, fmt::format("{} records, {} octets in {} s", progress->records,
                                     progress->bytes, progress->took / seconds{1}));
    }
    if (std::optional<Tried> tried = tried_in(event)) {
        at->second.outcome.tried.push_back(std::move(*tried));
    }
}

void SyncRun::handle_published(const dns::Name& zone, const zone::Version& version) {
    const auto at = zones_.find(zone);
    if (at == zones_.end()) {  // no member any more
        return;
    }
    at->second.outcome.changed = true;
    output_->handle_published(zone);
    tell(zone, fmt::format("serial {}, {} records", version.serial().value(), version.records));
}

void SyncRun::handle_round(const dns::Name& zone, const service::RoundEnded& round) {
    const auto at = zones_.find(zone);
    if (at == zones_.end() || !std::exchange(at->second.is_pending, false)) {
        return;
    }
    Zone& ended = at->second;
    --pending_;
    ended.outcome.error = round.error;
    ended.outcome.took = daemon_->loop().now().instant - began_;
    stop_when_done();
}

void SyncRun::stop_when_done() {
    const bool is_done = pending_ == 0 || daemon_->waits_for_dead_alone();
    if (is_done && !catalogs_->is_busy() && output_->is_settled() &&
        daemon_->hook_runner().is_idle()) {
        stop_because(pending_ == 0 ? "" : "no primary answers");
    }
}

void SyncRun::stop_because(std::string why) {
    why_unfinished_ = std::move(why);
    daemon_->stop();
}

void SyncRun::watch_patience() {
    patience_->arm_after(kPatience, [this] {
        const control::Status status = daemon_->status();
        const bool transferring = std::any_of(
            status.zones.begin(), status.zones.end(), [](const control::ZoneStatus& zone) {
                return zone.state == control::ZoneState::transferring;
            });
        if (transferring || !output_->is_settled() || !daemon_->hook_runner().is_idle()) {
            watch_patience();  // all have limits of their own
        } else {
            stop_because("no primary answers");
        }
    });
}

SyncOutcome SyncRun::take_outcome() {
    SyncOutcome result;
    const Now now = daemon_->loop().now();
    result.ended = now.unix;
    result.took = now.instant - began_;
    const control::Status status = daemon_->status();  // in the order of zones()
    for (std::size_t i = 0; i < status.zones.size(); ++i) {
        const dns::Name name = daemon_->zone_at(i).name;
        Zone& zone = zones_.at(name);
        if (zone.is_pending) {
            zone.outcome.took = result.took;
            zone.outcome.error = Error{Errc::peer_unreachable, why_unfinished_};
        }
        const std::string problem = output_->problem(name);
        if (!problem.empty() && !zone.outcome.error) {
            zone.outcome.error = Error{Errc::file_unreadable, problem};
            zone.outcome.is_handed_over = false;
        }
        if (!zone.outcome.error && is_handing_over(status.zones[i], name)) {
            zone.outcome.error = Error{Errc::cancelled, why_unfinished_};
            zone.outcome.is_handed_over = false;
        }
        set_facts(zone.outcome, status.zones[i], result.ended);
        result.zones.push_back(std::move(zone.outcome));
    }
    return result;
}

// Only where the sync had to end before it was done.
bool SyncRun::is_handing_over(control::ZoneStatus status, const dns::Name& zone) const {
    output_->describe(status, zone);
    return status.state == control::ZoneState::transferring;
}

void SyncRun::tell(const dns::Name& zone, const std::string& what) const {
    if (on_terminal_) {
        fmt::print(stderr, "{} {}\n", zone.to_text(), what);
    }
}

}  // namespace twinzone::secondary
