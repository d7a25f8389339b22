// The Follower's SOA checks: is there something newer at a primary?

#include <algorithm>

#include <fmt/format.h>

#include "common/service/follower_parts.h"
#include "common/service/hold_text.h"

namespace twinzone::service {

namespace {

std::string_view relation(dns::SerialOrder order) {
    return order == dns::SerialOrder::incomparable ? "incomparable with" : "older than";
}

SoaVerdict verdict_of(dns::SerialOrder order, bool adopts) {
    switch (order) {
        case dns::SerialOrder::equal: return SoaVerdict::current;
        case dns::SerialOrder::newer: return SoaVerdict::newer;
        case dns::SerialOrder::older: return adopts ? SoaVerdict::adopted : SoaVerdict::lower;
        case dns::SerialOrder::incomparable:
            return adopts ? SoaVerdict::adopted : SoaVerdict::incomparable;
    }
    TWINZONE_UNREACHABLE();
}

}  // namespace

void Follower::ask_soa(Now now, std::uint32_t zone, std::uint32_t remote, unsigned attempt) {
    const Remote& asked = remotes_[remote];
    if (asked.settings->tls) {
        attempt = kSoaAttempts - 1;  // one connection, with the longest patience
    }
    auto exchange = std::make_unique<Exchange>();
    exchange->zone = zone;
    exchange->remote = remote;
    exchange->tries = attempt;
    exchange->began = now.instant;
    exchange->deadline = now.instant + kSoaTimeouts[attempt];
    const Transport transport = attempt + 1 == kSoaAttempts ? Transport::tcp : Transport::udp;
    SoaQuestion& question = exchange->question.emplace<SoaQuestion>(
        dns::Name{name_of(*zones_[zone])}, random_.message_id(), asked.settings->key, asked.edns,
        transport == Transport::udp ? cookies_.at(asked.endpoint) : nullptr);
    if (asked.settings->key || asked.settings->tls) {
        question.ask_digest();
    }
    Result<Bytes> message =
        question.message(now.unix, transfer::carrier_of(transport, asked.settings->tls != nullptr));
    launch(now, std::move(exchange), transport, std::move(message));
}

void Follower::handle_soa(Now now, std::unique_ptr<Exchange> exchange,
                          const SoaQuestion::Answer& answer) {
    switch (answer.kind) {
        case SoaQuestion::Answer::Kind::edns_refused:
            remotes_[exchange->remote].edns = false;
            ask_soa(now, exchange->zone, exchange->remote, exchange->tries);
            return;
        case SoaQuestion::Answer::Kind::truncated:
            ask_soa(now, exchange->zone, exchange->remote, kSoaAttempts - 1);
            return;
        case SoaQuestion::Answer::Kind::soa: compare_serials(now, *exchange, answer); return;
    }
}

void Follower::compare_serials(Now now, const Exchange& exchange,
                               const SoaQuestion::Answer& answer) {
    Zone& zone = *zones_[exchange.zone];
    const Endpoint& from = remotes_[exchange.remote].endpoint;
    const zone::ZoneState* state = store_.find(name_of(zone));
    const zone::ZoneHold* hold = store_.hold(name_of(zone));
    const bool is_frozen = hold != nullptr && hold->frozen_since.has_value();
    const bool has_expired = zone.refresher.state(now.instant) == transfer::RefreshState::expired;
    const bool takes_any = state == nullptr || !state->version || (has_expired && !is_frozen);
    const dns::Serial theirs = answer.soa->serial;
    const dns::SerialOrder order =
        takes_any ? dns::SerialOrder::newer : dns::compare(theirs, state->version->serial());
    const bool adopts = settings_of(zone).on_lower_serial == config::OnLowerSerial::adopt;
    SoaChecked checked{.remote = from,
                       .verdict = verdict_of(order, adopts),
                       .ours = {},
                       .serial = theirs,
                       .error = {}};
    if (state != nullptr && state->version) {
        checked.ours = state->version->serial();
    }
    emit(zone, std::move(checked));
    if (order == dns::SerialOrder::equal) {
        if (compare_digests(now, exchange, answer, *state->version)) {
            return;
        }
        confirm_current(now, exchange.zone, exchange.remote, exchange.told_expire(answer.expire));
        return;
    }
    if (order == dns::SerialOrder::newer || adopts) {
        zone.confirmed = false;
        if (std::optional<Error> against = obstacle(hold, theirs)) {
            finish_job(now, exchange.zone, transfer::JobOutcome::abandoned, std::move(against));
            return;
        }
        if (takes_any) {
            zone.wants_full = TransferCause::expired;
        } else if (order != dns::SerialOrder::newer) {
            zone.wants_full = TransferCause::adopted;
        }
        finish_job(now, exchange.zone, transfer::JobOutcome::needs_transfer, std::nullopt);
        return;
    }
    finish_job(now, exchange.zone, transfer::JobOutcome::failed,
               Error{Errc::zone_policy,
                     fmt::format("primary {} has serial {}, {} ours {}: refused by on-lower-serial",
                                 from.to_text(), theirs.value(), relation(order),
                                 state->version->serial().value())});
}

// Once more while tries are left: a datagram may be lost, and UDP may be closed where TCP is open.
void Follower::fail_soa(Now now, std::unique_ptr<Exchange> exchange, const Error& error) {
    const bool unreachable =
        error.code() == Errc::peer_unreachable || error.code() == Errc::network;
    if (unreachable && exchange->tries + 1 < kSoaAttempts) {
        ask_soa(now, exchange->zone, exchange->remote, exchange->tries + 1);
        return;
    }
    Zone& zone = *zones_[exchange->zone];
    const Endpoint& from = remotes_[exchange->remote].endpoint;
    const Error named{error.code(), fmt::format("{}: {}", from.to_text(), error.detail())};
    emit(zone, SoaChecked{.remote = from,
                          .verdict = SoaVerdict::failed,
                          .ours = {},
                          .serial = {},
                          .error = named});
    finish_job(now, exchange->zone,
               unreachable ? transfer::JobOutcome::unreachable : transfer::JobOutcome::failed,
               named);
}

void Follower::confirm_current(Now now, std::uint32_t index, std::uint32_t remote,
                               std::optional<transfer::ExpireTold> expire) {
    Zone& zone = *zones_[index];
    zone.refresher.handle_current(now, expire);
    zone.source = remote;
    touch_timers(now, zone);
    forget_held(now, zone);
    zone.confirmed = true;
    finish_job(now, index, transfer::JobOutcome::current, std::nullopt);
}

// The primary that gave the held version has ours again: it took the other one back.
void Follower::forget_held(Now now, const Zone& zone) {
    const zone::ZoneHold* hold = store_.hold(name_of(zone));
    if (hold == nullptr || !hold->held || zone.source == Zone::kNoSource ||
        hold->held->source != remotes_[zone.source].endpoint.to_text()) {
        return;
    }
    zone::Commit commit;
    commit.zone = dns::Name{name_of(zone)};
    commit.change = zone::DropHeld{.serial = hold->held->version.serial(), .reject = false};
    commit.now = now.unix;
    store_.submit(std::move(commit),
                  [](const Result<zone::Committed>&) {});  // the next check does it again
}

// nullopt: a source confirms the zone, or nobody does, which is told otherwise.
std::optional<seconds> Follower::source_lost(Now now, const Zone& zone) const {
    const zone::ZoneState* state = store_.find(name_of(zone));
    if (state == nullptr || !state->version || zone.refresher.failures() > 0 ||
        zone.refresher.state(now.instant) != transfer::RefreshState::fresh ||
        !zone.refresher.lost_source(state->version->soa)) {
        return std::nullopt;
    }
    return zone.refresher.behind_source(state->version->soa);
}

void Follower::tell_source_lost(Now now, Zone& zone) {
    const std::optional<seconds> lost = source_lost(now, zone);
    if (lost && !zone.source_lost_told) {
        emit(zone, SourceLost{.unconfirmed = *lost});
    }
    zone.source_lost_told = lost.has_value();
}

void Follower::touch_timers(Now now, Zone& zone) {
    const zone::ZoneState* state = store_.find(name_of(zone));
    const zone::ZoneTimers timers = zone.refresher.timers(now);
    const seconds granularity = std::clamp((timers.expires - timers.last_success) / kTimerShare,
                                           kMinTimerGranularity, kMaxTimerGranularity);
    if (state == nullptr || !state->version ||
        timers.last_success - state->timers.last_success < granularity) {
        return;
    }
    zone::Commit commit;
    commit.zone = dns::Name{name_of(zone)};
    commit.base = state->version->serial();
    commit.change = zone::TouchTimers{};
    commit.timers = timers;
    commit.now = now.unix;
    store_.submit(std::move(commit),
                  [](const Result<zone::Committed>&) {});  // the next check writes it again
}

}  // namespace twinzone::service
