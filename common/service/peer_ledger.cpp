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

PeerLedger::PeerLedger(std::vector<config::RemotePtr> remotes, FirstLacked first_lacked,
                       dns::NameTablePtr names)
    : remotes_(std::move(remotes)),
      first_lacked_(std::move(first_lacked)),
      names_(std::move(names)) {}

std::vector<PeerLedger::Peer> PeerLedger::unseen(const config::ZoneSettings& settings) {
    std::vector<Peer> peers;
    peers.reserve(settings.notify.size());
    for (const config::RemotePtr& remote : settings.notify) {
        peers.emplace_back().remote = remote;
    }
    return peers;
}

std::vector<PeerLedger::Peer>& PeerLedger::Zone::peers() {
    if (!seen) {
        seen = std::make_unique<std::vector<Peer>>(unseen(*settings));
    }
    return *seen;
}

void PeerLedger::add_zone(const config::Zone& zone, std::optional<dns::Serial> serial) {
    zones_.at(names_->add(zone.name)) = {
        .settings = zone.settings(), .serial = serial, .seen = nullptr};
}

void PeerLedger::remove_zone(const dns::Name& zone) {
    zones_.at(names_->add(zone)) = Zone{};
}

PeerLedger::Zone* PeerLedger::find(const dns::Name& zone) {
    Zone& found = zones_.at(names_->add(zone));
    return found.settings ? &found : nullptr;
}

const PeerLedger::Zone* PeerLedger::find(const dns::Name& zone) const {
    const std::optional<std::uint32_t> number = names_->find(zone);
    const Zone* found = number ? &zones_[*number] : nullptr;
    return found != nullptr && found->settings ? found : nullptr;
}

PeerLedger::Peer* PeerLedger::find(const dns::Name& name, std::string_view remote) {
    Zone* zone = find(name);
    if (zone == nullptr) {
        return nullptr;
    }
    std::vector<Peer>& peers = zone->peers();
    const auto at = std::find_if(peers.begin(), peers.end(), [&](const Peer& peer) {
        return peer.remote && peer.remote->name == remote;
    });
    return at == peers.end() ? nullptr : &*at;
}

void PeerLedger::handle_published(UnixTime now, const dns::Name& name, dns::Serial serial) {
    Zone* zone = find(name);
    if (zone == nullptr) {
        return;
    }
    zone->serial = serial;
    if (!zone->seen && zone->settings->notify.empty()) {
        return;
    }
    for (Peer& peer : zone->peers()) {
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
        const UnixTime fallback = peer.lacks_since == kNever ? now : UnixTime{peer.lacks_since};
        peer.lacks_since = since.value_or(fallback);
    }
}

// Requires: remotes in `notify` only. Who signs is known by the key; a remote without one may sign
// all the same.
void PeerLedger::find_candidates(Zone& zone, const Contact& contact, std::vector<Peer*>& found) {
    const auto collect = [&](auto fits) {
        for (Peer& peer : zone.peers()) {
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
    std::vector<Peer>& peers = zone.peers();
    const auto known = std::find_if(peers.begin(), peers.end(), [&](const Peer& peer) {
        return peer.visitor && peer.visitor->address == contact.peer.address &&
               same_key(peer.visitor->key, contact.key);
    });
    if (known != peers.end()) {
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
    const auto visitors = std::count_if(peers.begin(), peers.end(),
                                        [](const Peer& peer) { return peer.visitor != nullptr; });
    if (static_cast<std::size_t>(visitors) >= kMaxVisitors) {
        peers.erase(std::min_element(peers.begin(), peers.end(), [](const Peer& a, const Peer& b) {
            const bool a_is_ours = a.remote != nullptr;
            const bool b_is_ours = b.remote != nullptr;
            return a_is_ours == b_is_ours ? UnixTime{a.seen_at} < UnixTime{b.seen_at} : b_is_ours;
        }));
    }
    Peer peer;
    peer.visitor = std::make_unique<Visitor>(
        Visitor{.name = is_named ? (*remote)->name : contact.peer.address.to_text(),
                .address = contact.peer.address,
                .key = contact.key});
    peers.push_back(std::move(peer));
    return &peers.back();
}

template <class Note>
std::vector<std::string> PeerLedger::note_contact(UnixTime now, const Contact& contact, Note note) {
    std::vector<std::string> names;
    Zone* zone = find(contact.zone);
    const bool may_be_new = contact.serial || contact.type != dns::RrType::soa;
    if (zone == nullptr || (!zone->seen && zone->settings->notify.empty() && !may_be_new)) {
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

control::PeerStatus PeerLedger::status_of(const Peer& peer, UnixTime now) {
    TWINZONE_ASSERT(peer.remote || peer.visitor);
    const dns::TsigKeyPtr& key = peer.remote ? peer.remote->key : peer.visitor->key;
    control::PeerStatus status;
    status.remote = peer.remote ? peer.remote->name : peer.visitor->name;
    status.address =
        peer.remote ? peer.remote->addresses.front().to_text() : peer.visitor->address.to_text();
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
    return status;
}

std::vector<control::PeerStatus> PeerLedger::peers(UnixTime now, const dns::Name& name) const {
    std::vector<control::PeerStatus> out;
    const Zone* zone = find(name);
    if (zone == nullptr) {
        return out;
    }
    const std::vector<Peer> none = zone->seen ? std::vector<Peer>{} : unseen(*zone->settings);
    for (const Peer& peer : zone->seen ? *zone->seen : none) {
        if (peer.visitor && now - peer.seen_at > kVisitorMemory) {
            continue;
        }
        out.push_back(status_of(peer, now));
    }
    return out;
}

std::vector<PeerLedger::Missing> PeerLedger::not_serving(const dns::Name& name, dns::Serial serial,
                                                         UnixTime since) const {
    std::vector<Missing> missing;
    const Zone* zone = find(name);
    if (zone == nullptr) {
        return missing;
    }
    const std::vector<Peer> none = zone->seen ? std::vector<Peer>{} : unseen(*zone->settings);
    for (const Peer& peer : zone->seen ? *zone->seen : none) {
        if (!peer.remote || (peer.served && is_at_least(*peer.served, serial) &&
                             UnixTime{peer.served_at}.value() >= since.value())) {
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
    const Zone* zone = find(name);
    return zone != nullptr && zone->serial && zone->seen &&
           std::any_of(zone->seen->begin(), zone->seen->end(), [&](const Peer& peer) {
               return peer.remote && peer.remote->name == remote && !peer.problem &&
                      peer.served == zone->serial;
           });
}

}  // namespace twinzone::service
