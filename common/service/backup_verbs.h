// The verbs `backup` and `restore`: the whole store into a folder, and a folder's copy into the
// place of the store. The first works beside a running daemon, which is not asked: it may not be
// allowed to write where the backup is to be.
#pragma once

#include "common/config/command_line.h"

namespace twinzone::service {

// Each prints what was done where a person looks on or --json asks for it, errors to stderr.
// Blocking.
[[nodiscard]] config::ExitCode back_up(config::Role role, const config::CommandLine& command_line);

// The store must not be in use. Becomes `server.user` before it writes.
[[nodiscard]] config::ExitCode restore(config::Role role, const config::CommandLine& command_line);

}  // namespace twinzone::service
