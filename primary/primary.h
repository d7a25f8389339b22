// The primary's verbs: serve and check.
#pragma once

#include <string>
#include <vector>

#include "common/config/command_line.h"
#include "common/config/config.h"

namespace twinzone::primary {

// Runs in the foreground until SIGTERM or SIGINT.
[[nodiscard]] config::ExitCode serve(config::Config config,
                                     const config::CommandLine& command_line);

// Reads every zone file as serving would; what is wrong, in words. Blocking.
[[nodiscard]] std::vector<std::string> check(const config::Config& config);

}  // namespace twinzone::primary
