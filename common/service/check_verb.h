// The verb `check`, for both programs: everything that is wrong, in one run.
#pragma once

#include <string>
#include <vector>

#include "common/config/command_line.h"
#include "common/config/config.h"

namespace twinzone::service {

// `problems`: what the program itself found wrong (zone files, folders); what is wrong on this
// machine and, with --network, with the remotes is added. Prints problems to stderr; with --explain
// what will happen with each zone, with --network what each remote answered, to stdout. Blocking.
[[nodiscard]] config::ExitCode check(const config::CommandLine& command_line,
                                     const config::Config& config,
                                     std::vector<std::string> problems);

}  // namespace twinzone::service
