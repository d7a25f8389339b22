// `sync --dry-run`: asks the primaries, compares with what is in service, and says what a sync
// would do. Changes nothing on disk.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "common/config/config.h"
#include "common/control/status.h"
#include "secondary/sync_outcome.h"

namespace twinzone::secondary {

// What is in service, as far as a rehearsal needs it: serial, records, last success, expiry, and
// whether it was promoted.
using InService = std::unordered_map<dns::Name, control::ZoneStatus, dns::NameHash>;

// From the store; nothing where there is none yet. Errors as store::peek().
[[nodiscard]] Result<InService> in_service_in_store(const std::string& directory, UnixTime now);

// From the daemon that holds the store.
[[nodiscard]] InService in_service_at_daemon(control::Status status);

// ZoneOutcome::would says what a sync would do, `changed` that it would change anything; the rest
// is as it stands. Ends when every zone is answered, or after `timeout`. Blocking, owns the thread.
[[nodiscard]] SyncOutcome rehearse(const config::Config& config, const InService& in_service,
                                   std::optional<seconds> timeout);

// A line for each zone that would change. Where `all`, for the others too.
[[nodiscard]] std::string rehearsal_text(const SyncOutcome& outcome, bool all);

}  // namespace twinzone::secondary
