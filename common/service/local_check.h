// What stands in the way of a configuration on this machine: ports, groups, certificates, paths.
#pragma once

#include <string>
#include <vector>

#include "common/config/config.h"

namespace twinzone::service {

struct LocalFindings {
    std::vector<std::string> problems;
    // True perhaps for whoever checks, but not for the service: no privilege for a port, an address
    // of another machine.
    std::vector<std::string> remarks;
};

// A port that our own running daemon holds is no problem. Blocking.
[[nodiscard]] LocalFindings look_at_machine(const config::Config& config);

}  // namespace twinzone::service
