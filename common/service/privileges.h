// What the process may do: it starts as root where it listens on ports below 1024, and is an
// ordinary user before it opens the store or reads a thing from the network. And what of it may get
// into a core dump: nothing that could be a secret.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/config/config.h"

namespace twinzone::service {

// Becomes `server.user`, with that user's groups; of root's rights only that to bind ports below
// 1024 is kept (for a reload). Store, log file and the folder of the control socket are given to
// the user where they are root's. Says in words what was done; empty: nothing was asked for. Not
// started as root it stays who it is, and says so. Errc::config_invalid where there is no such
// user, file_unreadable, internal. Requires: no other thread has been started.
[[nodiscard]] Result<std::string> become_user(const config::Config& config);

// Whether there is a user of that name.
[[nodiscard]] bool has_user(const std::string& name);

// Private keys of certificates that anybody on this machine may read, in words. (TSIG secrets are
// not even taken from such files.)
[[nodiscard]] std::vector<std::string> readable_secrets(const config::Config& config);

// Core dumps of this process leave out its memory from now on.
void keep_memory_out_of_core_dumps();

}  // namespace twinzone::service
