// The name servers of a zone as its own content names them: whom RFC 1996 §2 has told of changes
// where nothing else is configured (`notify: [ns-set]`). The NS records at the apex without the
// SOA's MNAME, and the addresses that the zone itself has for them.
#pragma once

#include <vector>

#include "common/base/ip_address.h"
#include "common/base/result.h"
#include "common/dns/name.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// Of one zone; more are not told.
inline constexpr std::size_t kMaxNameServers = 32;

struct NameServer {
    dns::Name name;
    std::vector<IpAddress> addresses{};  // empty: the zone has none, ask for them elsewhere
};

// In canonical order. Reads the apex, and of the pages those that may have the addresses. Errors of
// the store.
[[nodiscard]] Result<std::vector<NameServer>> read_ns_set(const zone::Snapshot& snapshot);

}  // namespace twinzone::service
