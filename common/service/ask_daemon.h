// The operator's side of the verbs that are nothing but a question to the daemon.
#pragma once

#include <string>

#include "common/config/command_line.h"
#include "common/control/protocol.h"

namespace twinzone::service {

// The question as the daemon gets it: the verb's word, zones or words as operands, the options as
// CommandLine::options, and {"json", "true"} where the answer is for a program.
[[nodiscard]] control::Request request_of(const config::CommandLine& command_line);

// Asks the daemon, prints what it answers, part by part, and gives its exit code. Blocking.
// Requires: the verb asks_daemon.
[[nodiscard]] config::ExitCode ask_daemon(config::Role role,
                                          const config::CommandLine& command_line);

}  // namespace twinzone::service
