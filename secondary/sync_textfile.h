// The textfile for Prometheus' node exporter: what a sync did, to be graphed and alerted on without
// a daemon.
#pragma once

#include <string>

#include "common/base/result.h"
#include "secondary/sync_outcome.h"

namespace twinzone::secondary {

// In the text format of Prometheus, version 0.0.4.
[[nodiscard]] std::string textfile_text(const SyncOutcome& outcome);

// Puts it in place by rename, readable by all: a collector sees the old file whole or the new one
// whole. Errc::file_unreadable, disk_full. Blocking.
[[nodiscard]] Result<void> write_textfile(const std::string& path, const SyncOutcome& outcome);

}  // namespace twinzone::secondary
