#include "common/service/peer_ledger.h"

#include <algorithm>

namespace twinzone::service {

void PeerLedger::add_zone(const config::Zone& settings) {
    std::vector<Peer>& peers = zones_[settings.name];
    for (const config::RemotePtr& remote : settings.notify) {
        peers.push_back({.remote = remote, .serial = {}, .last_contact = {}, .lacks_since = {}});
    }
}

void PeerLedger::handle_published(UnixTime now, const dns::Name& zone, dns::Serial serial) {
    const auto at = zones_.find(zone);
    if (at == zones_.end()) {
        return;
    }
    for (Peer& peer : at->second) {
        if (peer.serial != serial && !peer.lacks_since) {
            peer.lacks_since = now;
        }
    }
}

void PeerLedger::handle_seen(UnixTime now, const dns::Name& zone, const IpAddress& address,
                             dns::Serial serial) {
    const auto at = zones_.find(zone);
    if (at == zones_.end()) {
        return;
    }
    for (Peer& peer : at->second) {
        const auto& addresses = peer.remote->addresses;
        if (std::any_of(addresses.begin(), addresses.end(),
                        [&](const Endpoint& endpoint) { return endpoint.address == address; })) {
            peer.serial = serial;
            peer.last_contact = now;
        }
    }
}

std::vector<control::PeerStatus> PeerLedger::peers(UnixTime now, const dns::Name& zone,
                                                   std::optional<dns::Serial> served) const {
    std::vector<control::PeerStatus> out;
    const auto at = zones_.find(zone);
    if (at == zones_.end()) {
        return out;
    }
    for (const Peer& peer : at->second) {
        control::PeerStatus status;
        status.remote = peer.remote->name;
        status.serial = peer.serial;
        status.last_contact = peer.last_contact;
        if (peer.serial && peer.serial == served) {
            status.lag = seconds{0};
        } else if (peer.lacks_since) {
            status.lag = now - *peer.lacks_since;
        }
        out.push_back(std::move(status));
    }
    return out;
}

}  // namespace twinzone::service
