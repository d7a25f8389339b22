// The signatures over a zone's SOA, as they stand in a version (RFC 4034 §3).
#pragma once

#include <vector>

#include "common/base/result.h"
#include "common/dns/record.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// None where the zone is not signed. Reads the apex, which stands first, and no further; at most
// kMaxApexRecords of it.
[[nodiscard]] Result<std::vector<dns::Record>> soa_signatures(const zone::Snapshot& snapshot);

inline constexpr unsigned kMaxApexRecords = 10'000;  // anyone may ask

}  // namespace twinzone::service
