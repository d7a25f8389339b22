#include "common/service/follower.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/service/follower_parts.h"
#include "common/service/hold_text.h"

namespace twinzone::service {

namespace {

transfer::SchedulerLimits scheduler_limits(const config::Limits& limits) {
    transfer::SchedulerLimits out;
    out.transfers = limits.transfers_in;
    out.transfers_per_remote = limits.per_remote;
    out.soa_per_second = limits.soa_rate;
    return out;
}

}  // namespace

Follower::Follower(zone::VersionStore& store, IntakeSource& intakes, const config::Limits& limits,
                   std::uint64_t seed, dns::NameTablePtr names)
    : store_(store),
      intakes_(intakes),
      limits_(limits),
      random_(seed),
      cookies_(seed + 1),
      seed_(seed),
      scheduler_(scheduler_limits(limits)),
      receiver_(limits.notify_rate),
      names_(std::move(names)),
      completions_(std::make_shared<std::vector<Completion>>()) {}

Follower::~Follower() = default;

std::uint32_t Follower::remote_index(const config::RemotePtr& remote, const Endpoint& endpoint) {
    const auto [at, is_new] = remote_index_.try_emplace(
        {remote->name, endpoint}, static_cast<std::uint32_t>(remotes_.size()));
    if (is_new) {
        remotes_.push_back({.settings = remote, .endpoint = endpoint});
    }
    remotes_[at->second].settings = remote;  // its key may be another now
    return at->second;
}

std::optional<std::uint32_t> Follower::find_index(dns::NameView zone) const noexcept {
    const std::optional<std::uint32_t> number = names_->find(zone);
    return number && places_[*number] != 0 ? std::optional{places_[*number] - 1} : std::nullopt;
}

const Follower::Zone* Follower::find(dns::NameView zone) const {
    const std::optional<std::uint32_t> index = find_index(zone);
    return index ? zones_[*index].get() : nullptr;
}

dns::NameView Follower::name_of(const Zone& zone) const noexcept {
    return names_->name(zone.number);
}

const config::ZoneSettings& Follower::settings_of(const Zone& zone) const noexcept {
    return *settings_[zone.index];
}

void Follower::add_zone(Now now, const config::Zone& settings) {
    TWINZONE_ASSERT(!settings->primaries.empty() && find(settings.name) == nullptr);
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(zones_.size()));
        zones_.emplace_back();
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    const std::uint32_t number = names_->add(settings.name);
    names_->respell(settings.name);
    zones_[index] = std::make_unique<Zone>(number, index, seed_ ^ dns::hash(settings.name),
                                           limits_of(settings), now.instant);
    places_.at(number) = index + 1;
    settings_.set(index, settings.settings());
    Zone& zone = *zones_[index];
    set_remotes(zone);
    const zone::ZoneState* state = store_.find(settings.name);
    if (state != nullptr && state->version) {
        zone.refresher.handle_loaded(now, state->version->soa, state->timers);
    }
    scheduler_.set_zone(now.instant, index, *zone.remotes);
    arm(now, zone);
}

void Follower::set_remotes(Zone& zone) {
    std::vector<std::uint32_t> remotes;
    for (const config::RemotePtr& remote : settings_of(zone).primaries) {
        for (const Endpoint& endpoint : remote->addresses) {
            if (remotes.size() < transfer::kMaxPrimaries) {
                remotes.push_back(remote_index(remote, endpoint));
            }
        }
    }
    zone.remotes = &*remote_lists_.insert(std::move(remotes)).first;
}

const transfer::RefreshLimits& Follower::limits_of(const config::Zone& settings) {
    const transfer::RefreshLimits wanted = refresh_limits(settings);
    const auto known = std::find_if(refresh_limits_.begin(), refresh_limits_.end(),
                                    [&](const auto& each) { return *each == wanted; });
    if (known != refresh_limits_.end()) {
        return **known;
    }
    refresh_limits_.push_back(std::make_unique<const transfer::RefreshLimits>(wanted));
    return *refresh_limits_.back();
}

void Follower::put_zone(Now now, const config::Zone& settings) {
    const std::optional<std::uint32_t> index = find_index(settings.name);
    if (!index) {
        add_zone(now, settings);
        return;
    }
    Zone& zone = *zones_[*index];
    names_->respell(settings.name);
    settings_.set(*index, settings.settings());
    zone.refresher.use_limits(limits_of(settings));
    const std::vector<std::uint32_t>* before = zone.remotes;
    set_remotes(zone);
    const zone::ZoneState* state = store_.find(settings.name);
    const bool has_version = state != nullptr && state->version.has_value();
    zone.refresher.handle_limits(now.instant, has_version ? &state->version->soa : nullptr);
    if (zone.remotes != before) {
        scheduler_.set_zone(now.instant, zone.index, *zone.remotes);
        scheduler_.request(now.instant, zone.index, transfer::Lane::by_operator);
    }
    arm(now, zone);
}

void Follower::set_limits(const config::Limits& limits) {
    limits_ = limits;
    scheduler_.set_limits(scheduler_limits(limits));
    receiver_.set_rate(limits.notify_rate);
}

void Follower::remove_zone(Now now, dns::NameView name) {
    const std::optional<std::uint32_t> found = find_index(name);
    if (!found) {
        return;
    }
    const std::uint32_t index = *found;
    places_.at(zones_[index]->number) = 0;
    if (scheduler_.is_running(index)) {
        abandon_exchanges(index);
    }
    expiries_.erase(index);
    receiver_.forget(index);
    if (zones_[index]->is_committing()) {
        zones_[index]->leaving = true;
        return;
    }
    if (scheduler_.is_running(index)) {
        static_cast<void>(scheduler_.finished(now.instant, index, transfer::JobOutcome::abandoned));
    }
    free_index(index);
}

void Follower::abandon_exchanges(std::uint32_t zone) {
    std::vector<AttemptId> attempts;
    for (const auto& [attempt, exchange] : exchanges_) {
        if (exchange->zone == zone) {
            attempts.push_back(attempt);
        }
    }
    for (const AttemptId attempt : attempts) {
        static_cast<void>(end(attempt));
    }
}

void Follower::free_index(std::uint32_t index) {
    scheduler_.remove_zone(index);
    zones_[index].reset();
    settings_.set(index, nullptr);
    free_.push_back(index);
}

Follower::Order Follower::refresh(Now now, dns::NameView name, bool whole) {
    const std::optional<std::uint32_t> index = find_index(name);
    if (!index) {
        return Order::not_followed;
    }
    const bool running = scheduler_.is_running(*index);
    if (whole) {
        zones_[*index]->wants_full = TransferCause::ordered;
    }
    scheduler_.request(now.instant, *index, transfer::Lane::by_operator, std::nullopt,
                       whole ? transfer::Work::transfer : transfer::Work::check);
    return running ? Order::after_running : Order::begins;
}

void Follower::handle_approved(Now now, dns::NameView name, const zone::Version& version) {
    const std::optional<std::uint32_t> index = find_index(name);
    if (!index) {
        return;
    }
    Zone& zone = *zones_[*index];
    zone.refresher.handle_transferred(now, version.soa, std::nullopt);
    zone.clear_error();
    arm(now, zone);
    scheduler_.request(now.instant, zone.index, transfer::Lane::by_operator);
}

void Follower::handle_found(Now now, dns::NameView name) {
    const std::optional<std::uint32_t> index = find_index(name);
    const zone::ZoneState* state = store_.find(name);
    if (!index || state == nullptr || !state->version) {
        return;
    }
    Zone& zone = *zones_[*index];
    zone.refresher.handle_loaded(now, state->version->soa, state->timers);
    arm(now, zone);
}

// One timer for the next check, one for expiry; whenever the refresher has moved.
void Follower::arm(Now now, Zone& zone) {
    scheduler_.arm(zone.index, zone.refresher.next_due(), zone.refresher.lane(now.instant));
    const std::optional<Instant> expires = zone.refresher.expires_at();
    if (expires && *expires > now.instant) {
        zone.expired_told = false;
        expiries_.set(zone.index, *expires);
    }
}

std::optional<FollowerAction> Follower::poll_action(Now now) {
    start_jobs(now);
    if (actions_.empty()) {
        return std::nullopt;
    }
    std::optional<FollowerAction> action{std::move(actions_.front())};
    actions_.pop_front();
    return action;
}

std::optional<FollowerEvent> Follower::poll_event() {
    if (events_.empty()) {
        return std::nullopt;
    }
    std::optional<FollowerEvent> event{std::move(events_.front())};
    events_.pop_front();
    return event;
}

void Follower::start_jobs(Now now) {
    while (const std::optional<transfer::Job> job = scheduler_.poll(now.instant)) {
        start(now, *job);
    }
}

// A NOTIFY says that its sender has something newer, and a zone without a version needs one: no SOA
// check first, unless something is against taking just any version, or a primary that may have
// nothing newer would be asked for the whole zone.
void Follower::start(Now now, const transfer::Job& job) {
    Zone& zone = *zones_[job.zone];
    zone.refresher.handle_started(now.instant);
    const zone::ZoneState* state = store_.find(name_of(zone));
    const bool has_version = state != nullptr && state->version.has_value();
    const zone::ZoneHold* hold = store_.hold(name_of(zone));
    if (job.work == transfer::Work::transfer && hold != nullptr && hold->frozen_since) {
        finish_job(now, job.zone, transfer::JobOutcome::abandoned,
                   Error{Errc::zone_frozen, "the zone is frozen"});
    } else if (job.work == transfer::Work::transfer) {
        ask_transfer(now, job.zone, job.remote, cause_of_transfer(zone, has_version));
    } else if (hold == nullptr &&
               (!has_version || (job.lane == transfer::Lane::notify && !zone.confirmed &&
                                 !is_foreign(zone, job.remote)))) {
        finish_job(now, job.zone, transfer::JobOutcome::needs_no_check, std::nullopt);
    } else {
        ask_soa(now, job.zone, job.remote, 0);
    }
}

TransferCause Follower::cause_of_transfer(Zone& zone, bool has_version) {
    const std::optional<TransferCause> full = std::exchange(zone.wants_full, {});
    zone.ordered = zone.ordered || full == TransferCause::ordered;
    if (!has_version) {
        return TransferCause::first;
    }
    return zone.ordered ? TransferCause::ordered : full.value_or(TransferCause::differences);
}

std::optional<Instant> Follower::next_timeout() const {
    std::optional<Instant> next = scheduler_.next_timeout();
    const auto consider = [&next](std::optional<Instant> at) {
        if (at && (!next || *at < *next)) {
            next = at;
        }
    };
    consider(receiver_.next_timeout());
    consider(expiries_.next());
    consider(deadlines_.empty() ? std::nullopt : std::optional{deadlines_.begin()->first});
    return next;
}

void Follower::handle_timeout(Now now) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now.instant) {
        check_exchange(now, *exchanges_.at(deadlines_.begin()->second));
    }
    while (const std::optional<transfer::NotifyCheck> check = receiver_.poll_action(now.instant)) {
        scheduler_.request(now.instant, check->zone, transfer::Lane::notify);
    }
    expire_zones(now);
}

void Follower::expire_zones(Now now) {
    while (const std::optional<std::uint32_t> index = expiries_.pop_due(now.instant)) {
        Zone& zone = *zones_[*index];
        const std::optional<Instant> expires = zone.refresher.expires_at();
        if (expires && *expires > now.instant) {
            expiries_.set(*index, *expires);
        } else if (!std::exchange(zone.expired_told, true)) {
            emit(zone, ZoneExpired{});
        }
    }
}

std::optional<seconds> Follower::expires_in(Now now, dns::NameView name) const {
    const Zone* zone = find(name);
    if (zone == nullptr || !zone->refresher.expires_at()) {
        return std::nullopt;
    }
    return std::chrono::floor<seconds>(*zone->refresher.expires_at() - now.instant);
}

std::optional<Errc> Follower::last_fault(dns::NameView name) const {
    const Zone* zone = find(name);
    return zone == nullptr || !zone->has_trouble ? std::nullopt : zone->has_trouble->last_fault;
}

std::optional<dns::Rcode> Follower::handle_notify(Now now, const dns::Message& notify,
                                                  const transfer::Peer& peer,
                                                  const Endpoint& from) {
    Zone* zone = nullptr;
    if (notify.question) {
        const std::optional<std::uint32_t> index = find_index(notify.question->name);
        zone = index ? zones_[*index].get() : nullptr;
    }
    std::optional<transfer::NotifiedZone> known;
    transfer::AccessRules rules;
    if (zone != nullptr) {
        rules = access_rules(settings_of(*zone).allow_notify);
        const zone::ZoneState* state = store_.find(name_of(*zone));
        const bool has_version = state != nullptr && state->version.has_value();
        known = {.index = zone->index,
                 .rules = &rules,
                 .ours = has_version ? std::optional{state->version->serial()} : std::nullopt};
    }
    const transfer::NotifyDecision decision =
        receiver_.handle_notify(now.instant, notify, peer, known);
    if (decision.check && zone != nullptr) {
        std::optional<std::uint32_t> sender;
        for (const std::uint32_t remote : *zone->remotes) {
            if (remotes_[remote].endpoint.address == peer.address && !sender) {
                sender = remote;
            }
        }
        scheduler_.request(now.instant, zone->index, *decision.check, sender);
        emit(*zone, NotifyAccepted{.from = from,
                                   .serial = decision.hint,
                                   .promises_newer = *decision.check == transfer::Lane::notify});
    } else if (zone != nullptr && !notify.header.qr) {
        emit(*zone,
             NotifyTurnedAway{
                 .from = from, .ignored = !decision.answer.has_value(), .reason = decision.reason});
    }
    return decision.answer;
}

std::optional<Follower::View> Follower::view(Now now, dns::NameView name) const {
    const Zone* zone = find(name);
    if (zone == nullptr) {
        return std::nullopt;
    }
    View view;
    view.state = zone->refresher.state(now.instant);
    view.transferring = zone->transferring;
    if (zone->has_trouble) {
        view.last_error = zone->has_trouble->last_error;
        view.other_content = zone->has_trouble->other_content;
    }
    view.source =
        zone->source == Zone::kNoSource ? std::string{} : remotes_[zone->source].endpoint.to_text();
    view.last_success = zone->refresher.timers(now).last_success;
    view.expires_in = expires_in(now, name);
    view.source_lost = source_lost(now, *zone);
    view.next_check_in = next_check_in(now, *zone);
    if (zone->transferring && zone->has_coming) {
        const auto running = exchanges_.find(zone->has_coming->transfer);
        const Exchange* exchange = running != exchanges_.end() ? running->second.get()
                                                               : zone->has_coming->committing.get();
        if (exchange != nullptr && exchange->is_transfer()) {
            view.progress = progress_of(now, *exchange);
        }
    }
    return view;
}

seconds Follower::next_check_in(Now now, const Zone& zone) {
    return std::max(seconds{0},
                    std::chrono::ceil<seconds>(zone.refresher.next_due() - now.instant));
}

// The scheduler keeps a timer for every zone that waits; one that runs has a question with a
// deadline, or a commit that the store will end.
bool Follower::invariants_hold() const {
    std::vector<bool> at_work(zones_.size());
    for (const auto& [attempt, exchange] : exchanges_) {
        at_work[exchange->zone] = true;
    }
    for (const std::unique_ptr<Zone>& zone : zones_) {
        if (!zone) {
            continue;
        }
        if (scheduler_.is_running(zone->index) != (at_work[zone->index] || zone->is_committing())) {
            return false;
        }
    }
    return scheduler_.invariants_hold() && deadlines_.size() == exchanges_.size();
}

void Follower::emit(const Zone& zone, decltype(FollowerEvent::what) what) {
    events_.push_back({.zone = dns::Name{name_of(zone)}, .what = std::move(what)});
}

// The round of a zone goes on or is over; then it waits for the refresher's next due time. Once a
// primary has confirmed our version, another that is away or lags is no failure.
void Follower::finish_job(Now now, std::uint32_t index, transfer::JobOutcome outcome,
                          std::optional<Error> error) {
    Zone& zone = *zones_[index];
    const transfer::Round round = scheduler_.finished(now.instant, index, outcome);
    if (zone.leaving) {
        free_index(index);
        return;
    }
    if (zone.confirmed || outcome == transfer::JobOutcome::success) {
        error.reset();
        zone.clear_error();
    } else if (error) {
        zone.trouble().last_error = error->detail();
        zone.trouble().last_fault = error->code();
    }
    if (round == transfer::Round::goes_on) {
        return;
    }
    if (!zone.is_committing()) {
        zone.has_coming.reset();
    }
    if (!std::exchange(zone.confirmed, false) && outcome != transfer::JobOutcome::success) {
        zone.refresher.handle_failed(now.instant);
    }
    zone.ordered = false;
    const zone::ZoneState* state = store_.find(name_of(zone));
    const bool unfound = receiver_.handle_checked(now.instant, index,
                                                  state != nullptr && state->version
                                                      ? std::optional{state->version->serial()}
                                                      : std::nullopt);
    if (unfound) {
        emit(zone, NotifyUnfound{});
    }
    arm(now, zone);
    tell_source_lost(now, zone);
    emit(zone, RoundEnded{.error = std::move(error), .next_check = next_check_in(now, zone)});
}

}  // namespace twinzone::service
