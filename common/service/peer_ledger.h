// What is known of the peers a zone is handed on to: the serial each was last seen with, and when.
// Facts only: a transfer that it took whole, or a serial it asked from.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/time.h"
#include "common/config/config.h"
#include "common/control/status.h"
#include "common/dns/name.h"
#include "common/dns/serial.h"
#include "common/zone/version.h"

namespace twinzone::service {

// Not thread-safe.
class PeerLedger {
  public:
    // The remotes that are told about the zone are its peers.
    void add_zone(const config::Zone& settings);

    // A version was published; lag is counted from then for whoever lacks it.
    void handle_published(UnixTime now, const dns::Name& zone, dns::Serial serial);

    // A peer at this address showed that it holds this serial.
    void handle_seen(UnixTime now, const dns::Name& zone, const IpAddress& address,
                     dns::Serial serial);

    [[nodiscard]] std::vector<control::PeerStatus> peers(UnixTime now, const dns::Name& zone,
                                                         std::optional<dns::Serial> served) const;

  private:
    struct Peer {
        config::RemotePtr remote;
        std::optional<dns::Serial> serial;
        std::optional<UnixTime> last_contact;
        std::optional<UnixTime> lacks_since;  // the oldest version it was not seen with
    };

    std::unordered_map<dns::Name, std::vector<Peer>, dns::NameHash> zones_;
};

}  // namespace twinzone::service
