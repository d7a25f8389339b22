// `sync`: one truthful resync of the zones, then the end; for cron. Same store and lock as the
// daemon.
#pragma once

#include "common/config/command_line.h"
#include "common/config/config.h"

namespace twinzone::secondary {

// Checks each zone with its primaries once, transfers, commits, hands on. Beside a running daemon
// it has the daemon do that and waits. Says nothing where all is well, but for progress on a
// terminal; what failed goes to stderr as one mail. ok or changed (with --detailed-exitcode),
// some_failed, held, locked, usage.
[[nodiscard]] config::ExitCode sync(config::Config config, const config::CommandLine& command_line);

}  // namespace twinzone::secondary
