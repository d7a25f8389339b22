// Parts of a configuration in the form that the parts of a daemon take.
#pragma once

#include "common/config/config.h"
#include "common/observe/log.h"
#include "common/store/store.h"

namespace twinzone::service {

[[nodiscard]] store::JournalLimits journal_limits(const config::JournalLimits& configured);
[[nodiscard]] observe::LogSettings log_settings(const config::Config& config);

}  // namespace twinzone::service
