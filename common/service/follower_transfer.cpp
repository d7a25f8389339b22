// The Follower's transfers: IXFR first, AXFR where that does not work, and the commit of what came
// in.

#include <algorithm>

#include <fmt/format.h>

#include "common/service/follower_parts.h"
#include "common/service/hold_text.h"

namespace twinzone::service {

void Follower::ask_transfer(Now now, std::uint32_t index, std::uint32_t remote,
                            TransferCause cause) {
    Zone& zone = *zones_[index];
    const zone::ZoneState* state = store_.find(name_of(zone));
    transfer::TransferQuery query;
    query.id = random_.message_id();
    query.zone = dns::Name{name_of(zone)};
    auto exchange = std::make_unique<Exchange>();
    if (state != nullptr && state->version) {
        exchange->ours = state->version->soa;
        if (cause == TransferCause::differences) {
            const std::optional<DifferenceBase> base = base_of_differences(zone, remote);
            cause = !base            ? TransferCause::foreign
                    : base->undo > 0 ? TransferCause::own_history
                                     : cause;
            if (base) {
                query.ours = base->soa;
                exchange->undo = base->undo;
            }
            if (cause == TransferCause::differences &&
                suits_datagram(now, zone, remotes_[remote])) {
                exchange->transport = Transport::udp;
            }
        }
    }
    transfer::TransferLimits limits;
    limits.max_records = limits_.zone_records;
    limits.max_bytes = limits_.zone_bytes;
    exchange->zone = index;
    exchange->remote = remote;
    exchange->began = now.instant;
    exchange->window_began = now.instant;
    const Transport transport = exchange->transport;
    exchange->deadline =
        now.instant + (transport == Transport::udp ? kDatagramTimeout : kConnectTimeout);
    exchange->told = now.instant;
    exchange->cause = cause;
    zone.transferring = true;
    const config::Remote& asked = *remotes_[remote].settings;
    emit(zone, TransferBegan{.remote = remotes_[remote].endpoint,
                             .key = asked.key ? asked.key->name().to_text() : std::string{},
                             .tls = asked.tls != nullptr,
                             .asked = query.ours ? TransferType::ixfr : TransferType::axfr,
                             .cause = cause,
                             .ours = query.ours       ? std::optional{query.ours->serial}
                                     : exchange->ours ? std::optional{exchange->ours->serial}
                                                      : std::nullopt,
                             .transport = transport});
    auto question = std::make_unique<TransferQuestion>(
        std::move(query), remotes_[remote].settings->key, limits, intakes_.open(), transport);
    Result<Bytes> message = question->message(
        now.unix, remotes_[remote].edns, transfer::carrier_of(transport, asked.tls != nullptr));
    exchange->question = std::move(question);
    launch(now, std::move(exchange), transport, std::move(message));
    zone.coming().transfer = AttemptId{last_attempt_};
}

// Where the differences of this primary may start; nullopt: nowhere. Requires: there is a version.
std::optional<DifferenceBase> Follower::base_of_differences(const Zone& zone,
                                                            std::uint32_t remote) {
    const Result<std::shared_ptr<const zone::Snapshot>> snapshot = store_.snapshot(name_of(zone));
    const zone::ZoneState* state = store_.find(name_of(zone));
    if (!snapshot || (*snapshot)->version().serial() != state->version->serial()) {
        // Whose version it is cannot be told: the store is broken, and may be well again when a
        // difference has come. Only the whole zone is right on anything.
        return std::nullopt;
    }
    const ProvenVersion* proven = nullptr;
    if (zone.has_trouble) {
        for (const ProvenVersion& each : zone.has_trouble->proven) {
            proven = each.remote == remote ? &each : proven;
        }
    }
    const Result<std::optional<DifferenceBase>> base =
        find_base(**snapshot, remotes_[remote].endpoint.to_text(), proven);
    return base ? *base : std::nullopt;
}

void Follower::handle_progress(Now now, AttemptId attempt, transfer::TransferProgress progress) {
    Exchange& exchange = *exchanges_.at(attempt);
    exchange.connected = true;
    tell_progress(now, exchange);
    switch (progress) {
        case transfer::TransferProgress::more:
        case transfer::TransferProgress::newer_exists: {
            exchange.lone_soa = progress == transfer::TransferProgress::newer_exists;
            const std::uint64_t bytes = exchange.transfer().message_bytes();
            if (now.instant - exchange.began > limits_.transfer_time) {
                fail_transfer(now, end(attempt),
                              Error{Errc::transfer_limit,
                                    fmt::format("took longer than the limit transfer-time of {} s",
                                                limits_.transfer_time.count())});
            } else if (now.instant - exchange.window_began >= kRateWindow) {
                const std::uint64_t least =
                    limits_.min_rate * static_cast<std::uint64_t>(kRateWindow / seconds{1});
                if (bytes - exchange.window_bytes < least) {
                    fail_transfer(
                        now, end(attempt),
                        Error{Errc::transfer_limit,
                              fmt::format("slower than the limit min-rate of {} octets a second",
                                          limits_.min_rate)});
                    return;
                }
                exchange.window_began = now.instant;
                exchange.window_bytes = bytes;
                rearm(exchange, now.instant + limits_.transfer_idle);
            } else {
                rearm(exchange,
                      now.instant + (exchange.lone_soa ? kLoneSoaTimeout : limits_.transfer_idle));
            }
            return;
        }
        case transfer::TransferProgress::done: finish_transfer(now, end(attempt, true)); return;
        case transfer::TransferProgress::up_to_date:
            handle_nothing_newer(now, end(attempt, true));
            return;
        case transfer::TransferProgress::behind: handle_nothing_newer(now, end(attempt)); return;
        case transfer::TransferProgress::truncated:
        case transfer::TransferProgress::refused:  // TransferQuestion makes an error of it
            break;
    }
    TWINZONE_UNREACHABLE();
}

// The primary has the version in service, or an older one.
void Follower::handle_nothing_newer(Now now, std::unique_ptr<Exchange> exchange) {
    const dns::SoaRecord& target = *exchange->transfer().assembler().soa();
    Zone& zone = *zones_[exchange->zone];
    if (target.serial == exchange->ours->serial) {
        TransferEnded facts = this->facts(now, *exchange);
        facts.up_to_date = true;
        zone.transferring = false;
        emit(zone, facts);
        confirm_current(now, exchange->zone, exchange->remote,
                        exchange->told_expire(exchange->transfer().assembler().expire()));
        return;
    }
    const Result<void> allowed = check_target(zone, target, &*exchange->ours);
    const bool expired = zone.refresher.state(now.instant) == transfer::RefreshState::expired;
    if (allowed || expired) {
        ask_transfer(now, exchange->zone, exchange->remote,
                     expired ? TransferCause::expired : TransferCause::adopted);
        return;
    }
    fail_transfer(now, std::move(exchange), allowed.error());
}

void Follower::tell_progress(Now now, Exchange& exchange) {
    if (now.instant - exchange.told < kProgressInterval) {
        return;
    }
    exchange.told = now.instant;
    const Progress progress = progress_of(now, exchange);
    emit(*zones_[exchange.zone], TransferProgressed{.remote = progress.remote,
                                                    .asked = progress.asked,
                                                    .records = progress.records,
                                                    .messages = progress.messages,
                                                    .bytes = progress.bytes,
                                                    .took = progress.took});
}

Follower::Progress Follower::progress_of(Now now, const Exchange& exchange) const {
    const TransferQuestion& question = exchange.transfer();
    const transfer::TransferCounts counts = question.assembler().counts();
    const Zone& zone = *zones_[exchange.zone];
    return {.remote = remotes_[exchange.remote].endpoint,
            .asked = question.asked(),
            .records = counts.records,
            .messages = counts.messages,
            .bytes = question.message_bytes(),
            .took = now.instant - exchange.began,
            .committing = zone.has_coming && zone.has_coming->committing.get() == &exchange};
}

// Whether a version with this SOA may take the place of ours (nullptr: there is none).
Result<void> Follower::check_target(const Zone& zone, const dns::SoaRecord& target,
                                    const dns::SoaRecord* ours) const {
    if (ours == nullptr || dns::is_newer(target.serial, ours->serial) ||
        target.serial == ours->serial ||
        settings_of(zone).on_lower_serial == config::OnLowerSerial::adopt) {
        return {};
    }
    return fail(
        Errc::zone_policy,
        fmt::format("the primary has serial {}, {} ours {}: refused by on-lower-serial",
                    target.serial.value(),
                    dns::compare(target.serial, ours->serial) == dns::SerialOrder::incomparable
                        ? "incomparable with"
                        : "older than",
                    ours->serial.value()));
}

void Follower::finish_transfer(Now now, std::unique_ptr<Exchange> exchange) {
    const Zone& zone = *zones_[exchange->zone];
    // Asked for from an older version, newer than that is not enough.
    if (exchange->undo > 0 &&
        !dns::is_newer(exchange->transfer().assembler().soa()->serial, exchange->ours->serial)) {
        handle_nothing_newer(now, std::move(exchange));
        return;
    }
    const bool expired = zone.refresher.state(now.instant) == transfer::RefreshState::expired;
    const bool takes_any = expired || exchange->cause == TransferCause::ordered;
    const dns::SoaRecord* ours = exchange->ours && !takes_any ? &*exchange->ours : nullptr;
    if (const Result<void> allowed =
            check_target(zone, *exchange->transfer().assembler().soa(), ours);
        !allowed) {
        fail_transfer(now, std::move(exchange), allowed.error());
        return;
    }
    commit(now, std::move(exchange));
}

void Follower::commit(Now now, std::unique_ptr<Exchange> exchange) {
    Zone& zone = *zones_[exchange->zone];
    transfer::TransferAssembler& assembler = exchange->transfer().assembler();
    zone::Commit commit;
    commit.zone = dns::Name{name_of(zone)};
    if (exchange->ours) {
        commit.base = exchange->ours->serial;
    }
    if (assembler.full()) {
        commit.change = zone::ReplaceWith{.soa = *assembler.soa(),
                                          .records = exchange->transfer().take_records()};
    } else {
        Result<std::vector<zone::Diff>> diffs = take_diffs(zone, *exchange);
        if (!diffs) {
            fail_transfer(now, std::move(exchange), diffs.error());
            return;
        }
        commit.change = zone::ApplyDiffs{.diffs = *std::move(diffs)};
    }
    transfer::Refresher after = zone.refresher;
    after.handle_transferred(now, *assembler.soa(), exchange->told_expire(assembler.expire()));
    commit.timers = after.timers(now);
    commit.source = remotes_[exchange->remote].endpoint.to_text();
    commit.now = now.unix;
    commit.guard = guard_of(settings_of(zone));
    for (const config::RemotePtr& remote : settings_of(zone).notify) {
        commit.owe_notify.push_back(remote->name);
    }
    zone.coming().commit = ++last_commit_;
    // The disk takes many small zones at once, the network gives them one by one.
    if (exchange->transfer().message_bytes() <= kSmallTransferBytes) {
        scheduler_.leave_place(zone.index);
    }
    zone.coming().committing = std::move(exchange);
    store_.submit(std::move(commit), [completions = completions_, index = zone.index,
                                      number = last_commit_](Result<zone::Committed> result) {
        completions->push_back({.zone = index, .commit = number, .result = std::move(result)});
    });
}

// The differences from the version in service.
Result<std::vector<zone::Diff>> Follower::take_diffs(const Zone& zone, Exchange& exchange) {
    std::vector<zone::Diff> diffs = exchange.transfer().assembler().take_diffs();
    if (exchange.undo == 0) {
        return diffs;
    }
    const Result<std::shared_ptr<const zone::Snapshot>> snapshot = store_.snapshot(name_of(zone));
    if (!snapshot) {
        return fail(snapshot.error());
    }
    Result<zone::Diff> diff = rebase(**snapshot, exchange.undo, std::move(diffs));
    if (!diff) {
        return fail(std::move(diff).error());
    }
    diffs.clear();
    diffs.push_back(*std::move(diff));
    return diffs;
}

void Follower::handle_commits(Now now) {
    for (Completion& completion : std::exchange(*completions_, {})) {
        const std::unique_ptr<Zone>& zone = zones_[completion.zone];
        if (zone && zone->is_committing() && zone->coming().commit == completion.commit) {
            handle_committed(now, std::move(completion));
        }
    }
}

void Follower::handle_committed(Now now, Completion completion) {
    Zone& zone = *zones_[completion.zone];
    zone.coming().commit = 0;
    std::unique_ptr<Exchange> exchange = std::move(zone.coming().committing);
    if (!completion.result) {
        fail_transfer(now, std::move(exchange), completion.result.error());
        return;
    }
    const zone::Committed& committed = *completion.result;
    if (committed.held) {
        handle_held(now, *exchange, committed);
        return;
    }
    transfer::TransferAssembler& assembler = exchange->transfer().assembler();
    note_fetched(*exchange, committed.version ? &*committed.version : nullptr);
    note_size(*exchange);
    zone.clear_other_content();
    zone.refresher.handle_transferred(now, *assembler.soa(),
                                      exchange->told_expire(assembler.expire()));
    zone.transferring = false;
    zone.source = exchange->remote;
    TransferEnded facts = this->facts(now, *exchange);
    facts.added = committed.added;
    facts.removed = committed.removed;
    facts.already_there = committed.already_there;
    facts.unchanged = !committed.changed;
    emit(zone, facts);
    if (committed.changed) {
        emit(zone,
             VersionPublished{.version = *committed.version,
                              .replaced = exchange->ours ? std::optional{exchange->ours->serial}
                                                         : std::nullopt});
    }
    // The first version came from whoever was asked first; another primary may lag less.
    zone.confirmed = !exchange->ours;
    finish_job(now, completion.zone,
               zone.confirmed ? transfer::JobOutcome::current : transfer::JobOutcome::success,
               std::nullopt);
}

// The version is whole and kept, but for an operator to let go. Expiry goes on: nobody confirmed
// what is in service.
void Follower::handle_held(Now now, const Exchange& exchange, const zone::Committed& committed) {
    note_fetched(exchange);
    Zone& zone = *zones_[exchange.zone];
    zone.transferring = false;
    zone.confirmed = false;
    TransferEnded facts = this->facts(now, exchange);
    facts.added = committed.held->added;
    facts.removed = committed.held->removed;
    emit(zone, facts);
    emit(zone, VersionHeld{.held = *committed.held});
    finish_job(now, exchange.zone, transfer::JobOutcome::abandoned,
               Error{Errc::zone_held, held_text(*committed.held, committed.version->records)});
}

// Whether an IXFR that ended so is followed by an AXFR from the same primary. Not where that cannot
// end better: no connection, a signature that does not hold, a limit, our own policy or disk.
bool Follower::allows_axfr(const Exchange& exchange, const Error& error) {
    if (exchange.transfer().asked() == TransferType::axfr) {
        return false;
    }
    switch (error.code()) {
        case Errc::rcode:
        case Errc::message_malformed:
        case Errc::message_unexpected:
        case Errc::transfer_malformed:
        case Errc::transfer_diverged:
        case Errc::transfer_cut:
        case Errc::limit: return true;
        case Errc::peer_unreachable: return exchange.connected;
        // The whole zone under the same serial may be right where the differences were not.
        case Errc::zone_unverified: return !exchange.transfer().assembler().full();
        default: return false;
    }
}

void Follower::fail_transfer(Now now, std::unique_ptr<Exchange> exchange, const Error& error) {
    Zone& zone = *zones_[exchange->zone];
    TransferEnded facts = this->facts(now, *exchange);
    facts.error = error;
    if (error.code() == Errc::zone_unverified) {
        note_fetched(*exchange);
    }
    facts.falls_back_to_axfr = !zone.leaving && allows_axfr(*exchange, error);
    emit(zone, facts);
    if (facts.falls_back_to_axfr) {
        ask_transfer(now, exchange->zone, exchange->remote, TransferCause::after_ixfr);
        return;
    }
    zone.transferring = false;
    const bool unreachable =
        error.code() == Errc::peer_unreachable || error.code() == Errc::network;
    const bool ours = is_local(error.code()) || error.code() == Errc::zone_frozen;
    const auto outcome = unreachable ? transfer::JobOutcome::unreachable
                         : ours      ? transfer::JobOutcome::abandoned
                                     : transfer::JobOutcome::failed;
    finish_job(now, exchange->zone, outcome,
               Error{error.code(), fmt::format("{} from {}: {}",
                                               facts.asked == TransferType::ixfr ? "IXFR" : "AXFR",
                                               facts.remote.to_text(), error.detail())});
}

TransferEnded Follower::facts(Now now, const Exchange& exchange) const {
    const Remote& remote = remotes_[exchange.remote];
    const TransferQuestion& question = exchange.transfer();
    const transfer::TransferCounts counts = question.assembler().counts();
    TransferEnded out;
    out.remote = remote.endpoint;
    out.key = remote.settings->key ? remote.settings->key->name().to_text() : std::string{};
    out.tls = remote.settings->tls != nullptr;
    out.asked = question.asked();
    out.cause = exchange.cause;
    out.got = question.assembler().full() ? TransferType::axfr : TransferType::ixfr;
    out.from = exchange.ours ? std::optional{exchange.ours->serial} : std::nullopt;
    const dns::SoaRecord* target = question.assembler().soa();
    out.to = target != nullptr ? std::optional{target->serial} : std::nullopt;
    out.added = counts.added;
    out.removed = counts.removed;
    out.left_out = counts.left_out;
    out.messages = counts.messages;
    out.bytes = question.message_bytes();
    out.not_authoritative = counts.not_authoritative;
    out.took = now.instant - exchange.began;
    return out;
}

}  // namespace twinzone::service
