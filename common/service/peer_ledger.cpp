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

std::optional<dns::Serial> PeerLedger::Peer::answered() const noexcept {
    return UnixTime{served_at} == kNever ? std::nullopt : std::optional{served};
}

// nullopt where it is not known.
std::optional<std::uint32_t> PeerLedger::number_of(const dns::Name& zone) const {
    const std::optional<std::uint32_t> number = names_->find(zone);
    return number && settings_[*number] ? number : std::nullopt;
}

// From now on something is kept of each of those in `notify`.
void PeerLedger::see(std::uint32_t zone) {
    if (zones_[zone].first == 0) {
        const std::size_t remotes =
            std::min<std::size_t>(settings_[zone]->notify.size(), Peer::kVisitor);
        for (std::size_t remote = 0; remote < remotes; ++remote) {
            add_peer(zone, static_cast<std::uint16_t>(remote));
        }
    }
}

// The last of the zone. What was borrowed of other peers is lost.
PeerLedger::Peer& PeerLedger::add_peer(std::uint32_t zone, std::uint16_t remote) {
    if (free_.empty()) {
        peers_.emplace_back();
        free_.push_back(static_cast<Place>(peers_.size()));
    }
    const Place place = free_.back();
    free_.pop_back();
    Place* link = &zones_.at(zone).first;
    while (*link != 0) {
        link = &peers_[*link - 1].next;
    }
    *link = place;
    peers_[place - 1].remote = remote;
    return peers_[place - 1];
}

void PeerLedger::drop_peer(std::uint32_t zone, Place place) {
    Place* link = &zones_.at(zone).first;
    while (*link != place) {
        link = &peers_[*link - 1].next;
    }
    *link = peers_[place - 1].next;
    peers_[place - 1] = Peer{};
    visitors_.erase(place);
    problems_.erase(place);
    free_.push_back(place);
}

std::vector<PeerLedger::Place> PeerLedger::peers_of(std::uint32_t zone) const {
    std::vector<Place> places;
    for (Place at = zones_[zone].first; at != 0; at = peers_[at - 1].next) {
        places.push_back(at);
    }
    return places;
}

// Null for a visitor.
const config::Remote* PeerLedger::remote_of(std::uint32_t zone, const Peer& peer) const {
    return peer.remote == Peer::kVisitor ? nullptr : settings_[zone]->notify[peer.remote].get();
}

const std::string* PeerLedger::problem_of(const Peer& peer) const {
    return peer.has_problem ? &problems_.at(place_of(peer)) : nullptr;
}

// All peers, those of whom nothing is known included.
template <class Visit>
void PeerLedger::visit(std::uint32_t zone, Visit visit) const {
    if (zones_[zone].first == 0) {
        Peer unseen;
        for (std::size_t remote = 0; remote < settings_[zone]->notify.size(); ++remote) {
            unseen.remote = static_cast<std::uint16_t>(remote);
            visit(unseen);
        }
    }
    for (Place place = zones_[zone].first; place != 0; place = peers_[place - 1].next) {
        visit(peers_[place - 1]);
    }
}

void PeerLedger::add_zone(const config::Zone& zone, std::optional<dns::Serial> serial) {
    remove_zone(zone.name);
    const std::uint32_t number = names_->add(zone.name);
    settings_.set(number, zone.settings());
    zones_.at(number).serial = serial;
}

void PeerLedger::remove_zone(const dns::Name& zone) {
    const std::uint32_t number = names_->add(zone);
    for (const Place place : peers_of(number)) {
        drop_peer(number, place);
    }
    zones_.at(number) = Zone{};
    settings_.set(number, nullptr);
}

PeerLedger::Peer* PeerLedger::find(std::uint32_t zone, std::string_view remote) {
    see(zone);
    for (Place place = zones_[zone].first; place != 0; place = peers_[place - 1].next) {
        Peer& peer = peers_[place - 1];
        const config::Remote* known = remote_of(zone, peer);
        if (known != nullptr && known->name == remote) {
            return &peer;
        }
    }
    return nullptr;
}

void PeerLedger::handle_published(UnixTime now, const dns::Name& name, dns::Serial serial) {
    const std::optional<std::uint32_t> zone = number_of(name);
    if (!zone) {
        return;
    }
    zones_.at(*zone).serial = serial;
    see(*zone);
    for (Place place = zones_[*zone].first; place != 0; place = peers_[place - 1].next) {
        Peer& peer = peers_[place - 1];
        if (peer.holds(serial)) {
            peer.lacks_since = kNever;
        } else if (peer.lacks_since == kNever) {
            peer.lacks_since = now;
        }
    }
}

void PeerLedger::handle_owed(const dns::Name& name, std::string_view remote, UnixTime committed) {
    const std::optional<std::uint32_t> zone = number_of(name);
    Peer* peer = zone ? find(*zone, remote) : nullptr;
    if (peer != nullptr && peer->lacks_since == kNever && !peer->is_shown) {
        peer->lacks_since = committed;
    }
}

void PeerLedger::handle_acknowledged(UnixTime now, const dns::Name& name, std::string_view remote,
                                     dns::Serial serial) {
    const std::optional<std::uint32_t> zone = number_of(name);
    if (Peer* peer = zone ? find(*zone, remote) : nullptr) {
        peer->acknowledged = serial;
        peer->acknowledged_at = now;
        peer->seen_at = now;
    }
}

void PeerLedger::handle_answer(UnixTime now, const dns::Name& name, std::string_view remote,
                               std::optional<dns::Serial> served, std::string problem) {
    const std::optional<std::uint32_t> zone = number_of(name);
    Peer* peer = zone ? find(*zone, remote) : nullptr;
    if (peer == nullptr) {
        return;
    }
    peer->has_problem = !problem.empty();
    if (peer->has_problem) {
        problems_.insert_or_assign(place_of(*peer), std::move(problem));
    } else {
        problems_.erase(place_of(*peer));
    }
    if (served) {
        peer->served = *served;
        peer->served_at = now;
        peer->seen_at = now;
        show(now, name, *peer, *served);
    }
}

// The peer holds this serial. What it answers and asks overrules what it took before: it may have
// thrown that away.
void PeerLedger::show(UnixTime now, dns::NameView name, Peer& peer, dns::Serial serial) {
    const bool known = peer.holds(serial);
    peer.serial = serial;
    peer.is_shown = true;
    if (serial == zones_[*names_->find(name)].serial) {
        peer.lacks_since = kNever;
    } else if (!known || peer.lacks_since == kNever) {
        const std::optional<UnixTime> since = first_lacked_(name, serial);
        const UnixTime fallback = peer.lacks_since == kNever ? now : UnixTime{peer.lacks_since};
        peer.lacks_since = since.value_or(fallback);
    }
}

// Of the remotes in `notify`. Who signs is known by the key; a remote without one may sign all the
// same.
std::vector<PeerLedger::Place> PeerLedger::candidates(std::uint32_t zone,
                                                      const Contact& contact) const {
    std::vector<Place> found;
    const auto collect = [&](auto fits) {
        for (Place place = zones_[zone].first; place != 0; place = peers_[place - 1].next) {
            const config::Remote* remote = remote_of(zone, peers_[place - 1]);
            if (remote != nullptr && has_address(*remote, contact.peer.address) &&
                fits(remote->key)) {
                found.push_back(place);
            }
        }
    };
    collect([&](const dns::TsigKeyPtr& key) { return same_key(key, contact.key); });
    if (found.empty()) {
        collect([](const dns::TsigKeyPtr& key) { return key == nullptr; });
    }
    return found;
}

// Someone who asks for differences holds a zone and comes again, and a remote of ours that fetches
// the zone is one of its peers. Other questions are no sign of a peer: also those we follow may ask
// for our SOA.
PeerLedger::Peer* PeerLedger::find_visitor(std::uint32_t zone, const Contact& contact) {
    std::vector<Place> places = peers_of(zone);
    std::size_t visitors = 0;
    for (const Place place : places) {
        const auto visitor = visitors_.find(place);
        if (visitor == visitors_.end()) {
            continue;
        }
        ++visitors;
        if (visitor->second.address == contact.peer.address &&
            same_key(visitor->second.key, contact.key)) {
            return &peers_[place - 1];
        }
    }
    const auto remote =
        std::find_if(remotes_.begin(), remotes_.end(), [&](const config::RemotePtr& each) {
            return has_address(*each, contact.peer.address) && same_key(each->key, contact.key);
        });
    const bool is_named = remote != remotes_.end();
    if (!contact.serial && (!is_named || contact.type == dns::RrType::soa)) {
        return nullptr;
    }
    if (visitors >= kMaxVisitors) {
        std::erase_if(places, [this](Place place) { return !visitors_.contains(place); });
        drop_peer(zone, *std::min_element(places.begin(), places.end(), [this](Place a, Place b) {
                      return UnixTime{peers_[a - 1].seen_at} < UnixTime{peers_[b - 1].seen_at};
                  }));
    }
    Peer& peer = add_peer(zone, Peer::kVisitor);
    visitors_.emplace(place_of(peer),
                      Visitor{.name = is_named ? (*remote)->name : contact.peer.address.to_text(),
                              .address = contact.peer.address,
                              .key = contact.key});
    return &peer;
}

template <class Note>
std::vector<std::string> PeerLedger::note_contact(UnixTime now, const Contact& contact, Note note) {
    std::vector<std::string> names;
    const std::optional<std::uint32_t> zone = number_of(contact.zone);
    if (!zone) {
        return names;
    }
    see(*zone);
    const std::vector<Place> found = candidates(*zone, contact);
    for (const Place place : found) {
        names.push_back(remote_of(*zone, peers_[place - 1])->name);
    }
    if (found.size() > 1) {
        return names;
    }
    Peer* peer = found.empty() ? find_visitor(*zone, contact) : &peers_[found.front() - 1];
    if (peer != nullptr) {
        peer->seen_at = now;
        note(*peer);
    }
    return names;
}

std::vector<std::string> PeerLedger::handle_contact(UnixTime now, const Contact& contact) {
    return note_contact(now, contact, [&](Peer& peer) {
        if (contact.type == dns::RrType::soa) {
            peer.asked_soa_at = now;
        }
        if (contact.serial) {
            show(now, contact.zone, peer, *contact.serial);
        }
    });
}

std::vector<std::string> PeerLedger::handle_taken(UnixTime now, const Contact& contact,
                                                  dns::Serial serial) {
    return note_contact(now, contact, [&](Peer& peer) {
        peer.took_at = now;
        show(now, contact.zone, peer, serial);
    });
}

control::PeerStatus PeerLedger::status_of(std::uint32_t zone, const Peer& peer,
                                          UnixTime now) const {
    const config::Remote* remote = remote_of(zone, peer);
    const Visitor* visitor = remote != nullptr ? nullptr : &visitors_.at(place_of(peer));
    const dns::TsigKeyPtr& key = remote != nullptr ? remote->key : visitor->key;
    control::PeerStatus status;
    status.remote = remote != nullptr ? remote->name : visitor->name;
    status.address =
        remote != nullptr ? remote->addresses.front().to_text() : visitor->address.to_text();
    status.key = key ? key->name().to_text() : std::string{};
    status.configured = remote != nullptr;
    status.last_acknowledged = or_nothing(peer.acknowledged_at);
    status.last_soa_asked = or_nothing(peer.asked_soa_at);
    status.last_transfer = or_nothing(peer.took_at);
    status.last_contact = or_nothing(peer.seen_at);
    status.served = peer.answered();
    if (peer.is_shown) {
        status.serial = peer.serial;
    }
    if (status.last_acknowledged) {
        status.acknowledged = peer.acknowledged;
    }
    if (const std::string* problem = problem_of(peer)) {
        status.problem = *problem;
    }
    if (peer.lacks_since != kNever) {
        status.lag = std::max(now - peer.lacks_since, seconds{1});
    } else if (peer.is_shown) {
        status.lag = seconds{0};
    }
    return status;
}

std::vector<control::PeerStatus> PeerLedger::peers(UnixTime now, const dns::Name& name) const {
    std::vector<control::PeerStatus> out;
    if (const std::optional<std::uint32_t> zone = number_of(name)) {
        visit(*zone, [&](const Peer& peer) {
            if (peer.remote != Peer::kVisitor || now - peer.seen_at <= kVisitorMemory) {
                out.push_back(status_of(*zone, peer, now));
            }
        });
    }
    return out;
}

std::vector<PeerLedger::Missing> PeerLedger::not_serving(const dns::Name& name, dns::Serial serial,
                                                         UnixTime since) const {
    std::vector<Missing> missing;
    const std::optional<std::uint32_t> zone = number_of(name);
    if (!zone) {
        return missing;
    }
    visit(*zone, [&](const Peer& peer) {
        const config::Remote* remote = remote_of(*zone, peer);
        const std::optional<dns::Serial> served = peer.answered();
        if (remote == nullptr || (served && is_at_least(*served, serial) &&
                                  UnixTime{peer.served_at}.value() >= since.value())) {
            return;
        }
        std::string why = "has not answered a SOA query yet";
        if (const std::string* problem = problem_of(peer)) {
            why = *problem;
        } else if (served && !is_at_least(*served, serial)) {
            why = fmt::format("answers serial {}", served->value());
        }
        missing.push_back({.remote = remote->name, .why = std::move(why)});
    });
    return missing;
}

bool PeerLedger::is_confirmed(const dns::Name& name, std::string_view remote) const {
    const std::optional<std::uint32_t> zone = number_of(name);
    bool confirmed = false;
    if (zone && zones_[*zone].serial) {
        visit(*zone, [&](const Peer& peer) {
            const config::Remote* known = remote_of(*zone, peer);
            confirmed = confirmed || (known != nullptr && known->name == remote &&
                                      !peer.has_problem && peer.answered() == zones_[*zone].serial);
        });
    }
    return confirmed;
}

}  // namespace twinzone::service
