// Finds the servers that `notify: [ns-set]` means (RFC 1996 §2), anew with each version: their
// names in the zone, their addresses there or by the system's resolver.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/config/config.h"
#include "common/net/loop.h"
#include "common/net/resolver.h"
#include "common/net/timer.h"
#include "common/service/ns_set.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// Loop thread only. Borrows loop and store for its life.
class NsSetWatch {
  public:
    struct Events {
        // Whom the version in service names: unsigned, port 53, each called "ns:NAME", which no
        // configured remote can be. Without those whose address is not known.
        std::function<void(const dns::Name& zone, std::vector<config::RemotePtr> servers)> on_found;
        // The address of one is not known, and why; it is looked for again.
        std::function<void(const dns::Name& zone, const std::string& why)> on_unknown;
    };

    NsSetWatch(net::Loop& loop, zone::VersionStore& store, Events events);
    // Searches under way end without a word.
    ~NsSetWatch();
    NsSetWatch(const NsSetWatch&) = delete;
    NsSetWatch& operator=(const NsSetWatch&) = delete;

    // Looks at the version in service soon; events follow.
    void look(const dns::Name& zone);

    // No event of the zone comes after it.
    void forget(const dns::Name& zone);

  private:
    struct Search;

    void start_waiting();
    void handle_read(std::uint64_t number, Result<std::vector<NameServer>> servers);
    void handle_resolved(std::uint64_t number, std::size_t server,
                         const net::Resolver::Addresses& addresses);
    void finish(std::uint64_t number);

    net::Loop& loop_;
    zone::VersionStore& store_;
    Events events_;
    net::Resolver resolver_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    std::deque<dns::Name> waiting_;
    std::map<std::uint64_t, Search> running_;
    std::unordered_map<dns::Name, std::uint64_t, dns::NameHash> newest_;  // search of a zone
    std::vector<dns::Name> again_;
    net::Timer again_timer_;
    std::uint64_t last_ = 0;
};

}  // namespace twinzone::service
