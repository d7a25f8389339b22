#include "common/service/peer_ledger.h"

#include <algorithm>

#include <fmt/format.h>

namespace twinzone::service {

namespace {

constexpr UnixTime kNever{};

std::optional<UnixTime> or_nothing(UnixTime time) {
    return time == kNever ? std::nullopt : std::optional{time};
}

bool same_key(const dns::TsigKeyPtr& a, const dns::TsigKeyPtr& b) {
    return a == b || (a && b && a->name() == b->name());
}

bool has_address(const config::Remote& remote, const IpAddress& address) {
    return std::any_of(remote.addresses.begin(), remote.addresses.end(),
                       [&](const Endpoint& endpoint) { return endpoint.address == address; });
}

bool is_at_least(dns::Serial held, dns::Serial wanted) {
    return held == wanted || dns::is_newer(held, wanted);
}

}  // namespace

PeerLedger::PeerLedger(std::vector<config::RemotePtr> remotes, FirstLacked first_lacked)
    : remotes_(std::move(remotes)), first_lacked_(std::move(first_lacked)) {}

void PeerLedger::add_zone(const config::Zone& settings, std::optional<dns::Serial> serial) {
    Zone& zone = zones_[settings.name];
    zone.serial = serial;
    zone.peers.reserve(settings.notify.size());
    for (const config::RemotePtr& remote : settings.notify) {
        Peer peer;
        peer.remote = remote;
        zone.peers.push_back(std::move(peer));
    }
}

void PeerLedger::remove_zone(const dns::Name& zone) {
    zones_.erase(zone);
}

PeerLedger::Zone* PeerLedger::find(const dns::Name& zone) {
    const auto at = zones_.find(zone);
    return at == zones_.end() ? nullptr : &at->second;
}

PeerLedger::Peer* PeerLedger::find(const dns::Name& name, std::string_view remote) {
    Zone* zone = find(name);
    if (zone == nullptr) {
        return nullptr;
    }
    const auto at = std::find_if(zone->peers.begin(), zone->peers.end(), [&](const Peer& peer) {
        return peer.remote && peer.remote->name == remote;
    });
    return at == zone->peers.end() ? nullptr : &*at;
}

void PeerLedger::handle_published(UnixTime now, const dns::Name& name, dns::Serial serial) {
    Zone* zone = find(name);
    if (zone == nullptr) {
        return;
    }
    zone->serial = serial;
    for (Peer& peer : zone->peers) {
        if (peer.serial == serial) {
            peer.lacks_since = kNever;
        } else if (peer.lacks_since == kNever) {
            peer.lacks_since = now;
        }
    }
}

void PeerLedger::handle_owed(const dns::Name& zone, std::string_view remote, UnixTime committed) {
    Peer* peer = find(zone, remote);
    if (peer != nullptr && peer->lacks_since == kNever && !peer->serial) {
        peer->lacks_since = committed;
    }
}

void PeerLedger::handle_acknowledged(UnixTime now, const dns::Name& zone, std::string_view remote,
                                     dns::Serial serial) {
    if (Peer* peer = find(zone, remote)) {
        peer->acknowledged = serial;
        peer->acknowledged_at = now;
        peer->seen_at = now;
    }
}

void PeerLedger::handle_answer(UnixTime now, const dns::Name& name, std::string_view remote,
                               std::optional<dns::Serial> served, std::string problem) {
    Zone* zone = find(name);
    Peer* peer = find(name, remote);
    if (zone == nullptr || peer == nullptr) {
        return;
    }
    peer->problem = problem.empty() ? nullptr : std::make_unique<std::string>(std::move(problem));
    if (served) {
        peer->served = served;
        peer->served_at = now;
        peer->seen_at = now;
        show(now, name, *zone, *peer, *served);
    }
}

// The peer holds this serial. What it answers and asks overrules what it took before: it may have
// thrown that away.
void PeerLedger::show(UnixTime now, dns::NameView name, const Zone& zone, Peer& peer,
                      dns::Serial serial) {
    const bool known = peer.serial == serial;
    peer.serial = serial;
    if (serial == zone.serial) {
        peer.lacks_since = kNever;
    } else if (!known || peer.lacks_since == kNever) {
        const std::optional<UnixTime> since = first_lacked_(name, serial);
        const UnixTime fallback = peer.lacks_since == kNever ? now : peer.lacks_since;
        peer.lacks_since = since.value_or(fallback);
    }
}

// Requires: remotes in `notify` only. Who signs is known by the key; a remote without one may sign
// all the same.
void PeerLedger::find_candidates(Zone& zone, const Contact& contact, std::vector<Peer*>& found) {
    const auto collect = [&](auto fits) {
        for (Peer& peer : zone.peers) {
            if (peer.remote && has_address(*peer.remote, contact.peer.address) &&
                fits(peer.remote->key)) {
                found.push_back(&peer);
            }
        }
    };
    collect([&](const dns::TsigKeyPtr& key) { return same_key(key, contact.key); });
    if (found.empty()) {
        collect([](const dns::TsigKeyPtr& key) { return key == nullptr; });
    }
}

// Someone who asks for differences holds a zone and comes again, and a remote of ours that fetches
// the zone is one of its peers. Other questions are no sign of a peer: also those we follow may ask
// for our SOA.
PeerLedger::Peer* PeerLedger::find_visitor(Zone& zone, const Contact& contact) {
    const auto known = std::find_if(zone.peers.begin(), zone.peers.end(), [&](const Peer& peer) {
        return peer.visitor && peer.visitor->address == contact.peer.address &&
               same_key(peer.visitor->key, contact.key);
    });
    if (known != zone.peers.end()) {
        return &*known;
    }
    const auto remote =
        std::find_if(remotes_.begin(), remotes_.end(), [&](const config::RemotePtr& each) {
            return has_address(*each, contact.peer.address) && same_key(each->key, contact.key);
        });
    const bool is_named = remote != remotes_.end();
    if (!contact.serial && (!is_named || contact.type == dns::RrType::soa)) {
        return nullptr;
    }
    const auto visitors = std::count_if(zone.peers.begin(), zone.peers.end(),
                                        [](const Peer& peer) { return peer.visitor != nullptr; });
    if (static_cast<std::size_t>(visitors) >= kMaxVisitors) {
        zone.peers.erase(std::min_element(
            zone.peers.begin(), zone.peers.end(), [](const Peer& a, const Peer& b) {
                const bool a_is_ours = a.remote != nullptr;
                const bool b_is_ours = b.remote != nullptr;
                return a_is_ours == b_is_ours ? a.seen_at < b.seen_at : b_is_ours;
            }));
    }
    Peer peer;
    peer.visitor = std::make_unique<Visitor>(
        Visitor{.name = is_named ? (*remote)->name : contact.peer.address.to_text(),
                .address = contact.peer.address,
                .key = contact.key});
    zone.peers.push_back(std::move(peer));
    return &zone.peers.back();
}

template <class Note>
std::vector<std::string> PeerLedger::note_contact(UnixTime now, const Contact& contact, Note note) {
    std::vector<std::string> names;
    Zone* zone = find(contact.zone);
    if (zone == nullptr) {
        return names;
    }
    std::vector<Peer*> candidates;
    find_candidates(*zone, contact, candidates);
    for (const Peer* peer : candidates) {
        names.push_back(peer->remote->name);
    }
    if (candidates.size() > 1) {
        return names;
    }
    Peer* peer = candidates.empty() ? find_visitor(*zone, contact) : candidates.front();
    if (peer != nullptr) {
        peer->seen_at = now;
        note(*zone, *peer);
    }
    return names;
}

std::vector<std::string> PeerLedger::handle_contact(UnixTime now, const Contact& contact) {
    return note_contact(now, contact, [&](Zone& zone, Peer& peer) {
        if (contact.type == dns::RrType::soa) {
            peer.asked_soa_at = now;
        }
        if (contact.serial) {
            show(now, contact.zone, zone, peer, *contact.serial);
        }
    });
}

std::vector<std::string> PeerLedger::handle_taken(UnixTime now, const Contact& contact,
                                                  dns::Serial serial) {
    return note_contact(now, contact, [&](Zone& zone, Peer& peer) {
        peer.took_at = now;
        show(now, contact.zone, zone, peer, serial);
    });
}

std::vector<control::PeerStatus> PeerLedger::peers(UnixTime now, const dns::Name& name) const {
    std::vector<control::PeerStatus> out;
    const auto at = zones_.find(name);
    if (at == zones_.end()) {
        return out;
    }
    for (const Peer& peer : at->second.peers) {
        if (peer.visitor && now - peer.seen_at > kVisitorMemory) {
            continue;
        }
        TWINZONE_ASSERT(peer.remote || peer.visitor);
        const dns::TsigKeyPtr& key = peer.remote ? peer.remote->key : peer.visitor->key;
        control::PeerStatus status;
        status.remote = peer.remote ? peer.remote->name : peer.visitor->name;
        status.address = peer.remote ? peer.remote->addresses.front().to_text()
                                     : peer.visitor->address.to_text();
        status.key = key ? key->name().to_text() : std::string{};
        status.configured = peer.remote != nullptr;
        status.serial = peer.serial;
        status.served = peer.served;
        status.acknowledged = peer.acknowledged;
        status.last_acknowledged = or_nothing(peer.acknowledged_at);
        status.last_soa_asked = or_nothing(peer.asked_soa_at);
        status.last_transfer = or_nothing(peer.took_at);
        status.last_contact = or_nothing(peer.seen_at);
        status.problem = peer.problem ? *peer.problem : std::string{};
        if (peer.lacks_since != kNever) {
            status.lag = std::max(now - peer.lacks_since, seconds{1});
        } else if (peer.serial) {
            status.lag = seconds{0};
        }
        out.push_back(std::move(status));
    }
    return out;
}

std::vector<PeerLedger::Missing> PeerLedger::not_serving(const dns::Name& name, dns::Serial serial,
                                                         UnixTime since) const {
    std::vector<Missing> missing;
    const auto at = zones_.find(name);
    if (at == zones_.end()) {
        return missing;
    }
    for (const Peer& peer : at->second.peers) {
        if (!peer.remote || (peer.served && is_at_least(*peer.served, serial) &&
                             peer.served_at.value() >= since.value())) {
            continue;
        }
        std::string why = "has not answered a SOA query yet";
        if (peer.problem) {
            why = *peer.problem;
        } else if (peer.served && !is_at_least(*peer.served, serial)) {
            why = fmt::format("answers serial {}", peer.served->value());
        }
        missing.push_back({.remote = peer.remote->name, .why = std::move(why)});
    }
    return missing;
}

bool PeerLedger::is_confirmed(const dns::Name& name, std::string_view remote) const {
    const auto at = zones_.find(name);
    if (at == zones_.end() || !at->second.serial) {
        return false;
    }
    return std::any_of(at->second.peers.begin(), at->second.peers.end(), [&](const Peer& peer) {
        return peer.remote && peer.remote->name == remote && !peer.problem &&
               peer.served == at->second.serial;
    });
}

}  // namespace twinzone::service
