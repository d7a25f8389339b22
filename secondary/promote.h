// The verb promote: a secondary becomes the origin of its zones after the primary's loss.
#pragma once

#include "common/config/command_line.h"
#include "common/service/daemon.h"

namespace twinzone::secondary {

// The operator's side: the running daemon does it; where there is none, the store is taken in hand.
// Prints to stdout and stderr. Blocking.
[[nodiscard]] config::ExitCode promote(const config::CommandLine& command_line);

// The daemon's side. Borrows the daemon for its life.
void answer_promote(service::Daemon& daemon);

}  // namespace twinzone::secondary
