// The Follower's questions under way: how they begin, what comes in, when they have lasted too
// long.

#include <algorithm>

#include <fmt/format.h>

#include "common/service/follower_parts.h"

namespace twinzone::service {

void Follower::launch(Now now, std::unique_ptr<Exchange> exchange, Transport transport,
                      Result<Bytes> message) {
    if (!message) {  // our own signing failed: nobody's fault but ours
        finish_job(now, exchange->zone, transfer::JobOutcome::abandoned,
                   std::move(message).error());
        return;
    }
    exchange->attempt = AttemptId{++last_attempt_};
    const AttemptId attempt = exchange->attempt;
    deadlines_.emplace(exchange->deadline, attempt);
    const Remote& remote = remotes_[exchange->remote];
    actions_.emplace_back(Ask{.attempt = attempt,
                              .to = remote.endpoint,
                              .transport = transport,
                              .message = std::move(*message),
                              .tls = remote.settings->tls,
                              .source = remote.settings->source_for(remote.endpoint)});
    exchanges_.emplace(attempt, std::move(exchange));
}

// Takes a question out of those under way.
std::unique_ptr<Follower::Exchange> Follower::end(AttemptId attempt, bool whole) {
    auto node = exchanges_.extract(attempt);
    TWINZONE_ASSERT(!node.empty());
    deadlines_.erase({node.mapped()->deadline, attempt});
    actions_.emplace_back(Abandon{.attempt = attempt, .whole = whole});
    return std::move(node.mapped());
}

void Follower::rearm(Exchange& exchange, Instant deadline) {
    deadlines_.erase({exchange.deadline, exchange.attempt});
    exchange.deadline = deadline;
    deadlines_.emplace(deadline, exchange.attempt);
}

// The remote cannot be blamed while the question is still here.
void Follower::handle_waiting(Now now, AttemptId attempt) {
    const auto at = exchanges_.find(attempt);
    if (at != exchanges_.end()) {
        at->second->waiting = true;
        at->second->connected = false;
        rearm(*at->second, now.instant + limits_.transfer_time);
    }
}

void Follower::handle_connected(Now now, AttemptId attempt) {
    const auto at = exchanges_.find(attempt);
    if (at == exchanges_.end()) {
        return;
    }
    Exchange& exchange = *at->second;
    const bool waited = std::exchange(exchange.waiting, false);
    exchange.connected = true;
    if (exchange.is_transfer()) {
        exchange.window_began = now.instant;
        rearm(exchange, now.instant + limits_.transfer_idle);
    } else if (waited) {
        rearm(exchange, now.instant + kSoaTimeouts[exchange.tries]);
    }
}

void Follower::handle_message(Now now, AttemptId attempt, std::span<std::uint8_t> message) {
    const auto at = exchanges_.find(attempt);
    if (at == exchanges_.end()) {  // late answer of an attempt given up
        return;
    }
    Exchange& exchange = *at->second;
    if (exchange.is_transfer() && exchange.transport == Transport::udp) {
        handle_datagram(now, attempt, message);
        return;
    }
    if (exchange.is_transfer()) {
        const Result<transfer::TransferProgress> progress =
            exchange.transfer().handle_message(message, now.unix);
        if (!progress && exchange.transfer().asked() == TransferType::axfr &&
            exchange.transfer().blames_edns()) {
            const std::unique_ptr<Exchange> ended = end(attempt, true);
            remotes_[ended->remote].edns = false;
            ask_transfer(now, ended->zone, ended->remote, ended->cause);
        } else if (!progress) {
            // A refusal is one message.
            const bool whole = progress.error().code() == Errc::rcode;
            fail_transfer(now, end(attempt, whole), progress.error());
        } else {
            handle_progress(now, attempt, *progress);
        }
        return;
    }
    const Result<std::optional<SoaQuestion::Answer>> answer =
        std::get<SoaQuestion>(exchange.question).handle_message(message, now.unix);
    if (!answer) {
        fail_soa(now, end(attempt), answer.error());
    } else if (*answer) {
        handle_soa(now, end(attempt), **answer);
    }
}

void Follower::handle_failure(Now now, AttemptId attempt, const Error& error) {
    const auto at = exchanges_.find(attempt);
    if (at == exchanges_.end()) {
        return;
    }
    if (at->second->is_transfer() && at->second->transport == Transport::udp) {
        ask_by_stream(now, end(attempt));
    } else if (at->second->is_transfer()) {
        const Error met = as_met(*at->second, error);
        fail_transfer(now, end(attempt), met);
    } else {
        fail_soa(now, end(attempt), error);
    }
}

// A deadline has come: of connecting, of silence, of the whole, or of the rate's window, whichever
// was first.
void Follower::check_exchange(Now now, Exchange& exchange) {
    const AttemptId attempt = exchange.attempt;
    if (!exchange.is_transfer()) {
        fail_soa(now, end(attempt), Error{Errc::peer_unreachable, "no answer to the SOA query"});
        return;
    }
    if (exchange.transport == Transport::udp) {
        ask_by_stream(now, end(attempt));
        return;
    }
    if (!exchange.connected) {
        fail_transfer(now, end(attempt),
                      Error{Errc::peer_unreachable, "connection not made in time"});
        return;
    }
    if (exchange.lone_soa) {
        fail_transfer(
            now, end(attempt),
            Error{Errc::transfer_malformed, "IXFR answered with a newer SOA and nothing more"});
        return;
    }
    const Error met = as_met(
        exchange,
        Error{Errc::peer_unreachable, fmt::format("nothing received for transfer-idle of {} s",
                                                  limits_.transfer_idle.count())});
    fail_transfer(now, end(attempt), met);
}

// A primary that has begun to answer is there. What it cuts off is this transfer: the zone tries
// again later, and other zones need not wait for a primary that is taken to be dead.
Error Follower::as_met(const Exchange& exchange, const Error& error) {
    const bool lost = error.code() == Errc::peer_unreachable || error.code() == Errc::network;
    return lost && exchange.transfer().message_bytes() > 0
               ? Error{Errc::transfer_cut, error.detail()}
               : error;
}

}  // namespace twinzone::service
