// The Follower where a primary has our serial: is it our content, too? RFC 1034 knows no such
// question; our own two programs ask it by an EDNS option (digest_option.h).
//
// Which primary is believed: the first, in the order they are written, of those that are known to
// hold this serial. What a later one has instead is told, and ours is kept. A content is fetched
// once for each serial, digest and primary, so that two primaries that disagree, or one whose
// transfer brings other than its answer says, cause no transfers without end.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/service/follower_parts.h"
#include "common/service/hold_text.h"

namespace twinzone::service {

namespace {

// Its differences may be believed from this version on.
void note_proven(std::vector<ProvenVersion>& all, std::uint32_t remote, const zone::Version& ours) {
    const ProvenVersion proven{.remote = remote, .serial = ours.serial(), .digest = ours.digest};
    const auto at = std::find_if(all.begin(), all.end(), [remote](const ProvenVersion& each) {
        return each.remote == remote;
    });
    if (at == all.end()) {
        all.push_back(proven);
    } else {
        *at = proven;
    }
}

}  // namespace

Follower::HeldElsewhere& Follower::held_elsewhere(Zone& zone, std::uint32_t remote,
                                                  dns::Serial serial) {
    std::vector<HeldElsewhere>& elsewhere = zone.trouble().elsewhere;
    std::erase_if(elsewhere, [serial](const HeldElsewhere& each) { return each.serial != serial; });
    const auto at =
        std::find_if(elsewhere.begin(), elsewhere.end(),
                     [remote](const HeldElsewhere& each) { return each.remote == remote; });
    if (at != elsewhere.end()) {
        return *at;
    }
    return elsewhere.emplace_back(HeldElsewhere{.remote = remote, .serial = serial});
}

// The primary before this one that holds the serial; nullptr: this one comes first.
const Follower::HeldElsewhere* Follower::preferred_before(const Zone& zone, std::uint32_t remote) {
    if (!zone.has_trouble) {
        return nullptr;
    }
    const std::vector<HeldElsewhere>& elsewhere = zone.has_trouble->elsewhere;
    for (const std::uint32_t earlier : *zone.remotes) {
        if (earlier == remote) {
            break;
        }
        const auto at =
            std::find_if(elsewhere.begin(), elsewhere.end(),
                         [earlier](const HeldElsewhere& each) { return each.remote == earlier; });
        if (at != elsewhere.end()) {
            return &*at;
        }
    }
    return nullptr;
}

// Whether what a primary has under our serial is left there; told once.
bool Follower::keeps_ours(Zone& zone, HeldElsewhere& theirs, bool is_known,
                          DigestCompared compared) {
    const HeldElsewhere* preferred = preferred_before(zone, theirs.remote);
    if (!theirs.tried && preferred == nullptr) {
        return false;
    }
    compared.outcome = DigestOutcome::kept;
    if (preferred != nullptr) {
        compared.preferred = remotes_[preferred->remote].endpoint.to_text();
    }
    zone.trouble().other_content = fmt::format("{} has other content under serial {}; ours is kept",
                                               compared.remote.to_text(), compared.serial.value());
    if (!std::exchange(theirs.told, true) || !is_known) {
        emit(zone, std::move(compared));
    }
    return true;
}

// True where the job has ended or goes on as a transfer; false: our version is confirmed.
bool Follower::compare_digests(Now now, const Exchange& exchange, const SoaQuestion::Answer& answer,
                               const zone::Version& ours) {
    Zone& zone = *zones_[exchange.zone];
    if (!answer.digest && zone.remotes->size() == 1) {
        return false;
    }
    HeldElsewhere& theirs = held_elsewhere(zone, exchange.remote, ours.serial());
    const bool is_known = theirs.digest == answer.digest;
    theirs.digest = answer.digest;
    theirs.tried = theirs.tried && is_known;
    if (!answer.digest) {
        return false;
    }
    const Endpoint& from = remotes_[exchange.remote].endpoint;
    DigestCompared compared{.remote = from,
                            .serial = ours.serial(),
                            .ours = ours.digest,
                            .theirs = *answer.digest,
                            .outcome = DigestOutcome::same,
                            .preferred = {}};
    if (*answer.digest == ours.digest) {
        if (zone.remotes->size() > 1) {
            note_proven(zone.trouble().proven, exchange.remote, ours);
        }
        zone.clear_other_content();
        emit(zone, std::move(compared));
        return false;
    }
    std::optional<Error> against = obstacle(store_.hold(name_of(zone)), ours.serial());
    if (against && preferred_before(zone, exchange.remote) == nullptr) {
        zone.confirmed = false;
        finish_job(now, exchange.zone, transfer::JobOutcome::abandoned, std::move(against));
        return true;
    }
    if (keeps_ours(zone, theirs, is_known, compared)) {
        return false;
    }
    compared.outcome = DigestOutcome::differs;
    emit(zone, std::move(compared));
    zone.confirmed = false;
    zone.wants_full = TransferCause::differs;
    finish_job(now, exchange.zone, transfer::JobOutcome::needs_transfer, std::nullopt);
    return true;
}

// Its content came in, whatever became of it: it is not fetched again under this serial and digest.
// `held`: the version in service that is its. nullptr: none.
void Follower::note_fetched(const Exchange& exchange, const zone::Version* held) {
    if (exchange.cause != TransferCause::differs) {
        Zone& zone = *zones_[exchange.zone];
        if (held != nullptr && zone.remotes->size() > 1) {
            held_elsewhere(zone, exchange.remote, held->serial()).digest = held->digest;
        }
        return;
    }
    for (HeldElsewhere& each : zones_[exchange.zone]->trouble().elsewhere) {
        each.tried = each.tried || each.remote == exchange.remote;
    }
}

}  // namespace twinzone::service
