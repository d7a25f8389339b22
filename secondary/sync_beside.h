// A sync beside a running daemon: the daemon holds the store, so it is asked to do the work, and
// the sync waits until it is done.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/control/status.h"
#include "secondary/sync_outcome.h"

namespace twinzone::secondary {

// The daemon behind the configuration's control socket. Errc::not_found where none listens there:
// who holds the store is somebody else.
[[nodiscard]] Result<control::Status> ask_daemon_status(const config::Config& config);

// Has the daemon refresh each zone and waits for all of them, `timeout` at most. `before`: its
// status when it was found. Blocking.
[[nodiscard]] SyncOutcome sync_beside(const config::Config& config, const control::Status& before,
                                      std::optional<seconds> timeout);

}  // namespace twinzone::secondary
