// The secondary's verbs: serve and check; sync has a file of its own.
#pragma once

#include <string>
#include <vector>

#include "common/config/command_line.h"
#include "common/config/config.h"

namespace twinzone::secondary {

// Runs in the foreground until SIGTERM or SIGINT.
[[nodiscard]] config::ExitCode serve(config::Config config,
                                     const config::CommandLine& command_line);

// What is wrong beyond the configuration itself: folders of zone files that are not there or cannot
// be written, reload programs that cannot be run, servers that may not take what they are to
// follow.
[[nodiscard]] std::vector<std::string> check(const config::Config& config);

}  // namespace twinzone::secondary
