// The Follower's IXFR over UDP (RFC 1995 §2): where the answer is likely to be one datagram, a
// change costs one round trip and no connection.
//
// Content comes by it, so it is asked for only where a TSIG key proves whose it is: a port and an
// ID may be guessed. A primary that answers by its SOA alone either has a larger difference or
// gives none over UDP (BIND, Knot DNS): what then comes over TCP tells which. Until that is known,
// the primary is asked over TCP alone, so that nothing is asked in vain zone by zone.

#include "common/service/follower_parts.h"

namespace twinzone::service {

namespace {

// The payload that queries announce, and what of it a difference in the journal may have: question,
// OPT and TSIG take the rest.
constexpr std::uint64_t kDatagramBytes = 1232;
constexpr std::uint64_t kDatagramRoom = 900;

}  // namespace

bool Follower::suits_datagram(Now now, Zone& zone, const Remote& remote) {
    const bool rests = remote.datagrams_rest && now.instant < *remote.datagrams_rest;
    return remote.settings->key && !remote.settings->tls && remote.edns && !rests &&
           changes_are_small(zone);
}

// As the zone's last change was, the next one is taken to be.
bool Follower::changes_are_small(Zone& zone) {
    if (!zone.small_changes) {
        zone.small_changes = false;
        const Result<std::shared_ptr<const zone::Snapshot>> snapshot =
            store_.snapshot(name_of(zone));
        if (snapshot) {
            const Result<std::vector<zone::HistoryStep>> steps = (*snapshot)->all_history();
            zone.small_changes =
                steps && !steps->empty() && steps->back().wire_bytes <= kDatagramRoom;
        }
    }
    return *zone.small_changes;
}

void Follower::handle_datagram(Now now, AttemptId attempt, std::span<std::uint8_t> message) {
    const Result<transfer::TransferProgress> progress =
        exchanges_.at(attempt)->transfer().handle_message(message, now.unix);
    std::unique_ptr<Exchange> exchange = end(attempt, true);
    if (!progress) {
        ask_by_stream(now, std::move(exchange));
        return;
    }
    switch (*progress) {
        case transfer::TransferProgress::done: finish_transfer(now, std::move(exchange)); return;
        case transfer::TransferProgress::up_to_date:
        case transfer::TransferProgress::behind:
            handle_nothing_newer(now, std::move(exchange));
            return;
        case transfer::TransferProgress::newer_exists:  // RFC 1995 §4: it does not fit
        case transfer::TransferProgress::truncated:
        case transfer::TransferProgress::more:
        case transfer::TransferProgress::refused: break;
    }
    ask_by_stream(now, std::move(exchange));
}

// The same again, over TCP.
void Follower::ask_by_stream(Now now, std::unique_ptr<Exchange> exchange) {
    zones_[exchange->zone]->missed = true;
    remotes_[exchange->remote].datagrams_rest = now.instant + kDatagramRest;
    ask_transfer(now, exchange->zone, exchange->remote, exchange->cause);
}

void Follower::note_size(const Exchange& exchange) {
    Zone& zone = *zones_[exchange.zone];
    const bool fits = !exchange.transfer().assembler().full() &&
                      exchange.transfer().message_bytes() <= kDatagramBytes;
    zone.small_changes = fits;
    if (std::exchange(zone.missed, false) && !fits) {
        remotes_[exchange.remote].datagrams_rest.reset();  // that was only a large difference
    }
}

}  // namespace twinzone::service
