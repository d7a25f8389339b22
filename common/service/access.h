// Access rules as configured, in the form the cores decide by.
#pragma once

#include <vector>

#include "common/config/config.h"
#include "common/transfer/access_rules.h"

namespace twinzone::service {

[[nodiscard]] transfer::AccessRules access_rules(const std::vector<config::AccessRule>& configured);

}  // namespace twinzone::service
