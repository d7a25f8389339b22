// What /metrics says: counts since the start, and facts of now. The contract is README, "Metrics".
#pragma once

#include <string>

#include "common/observe/metrics.h"
#include "common/web/facts.h"

namespace twinzone::web {

// The lag of this very server behind its primary, beside the lags of its peers. A remote of this
// name has its lag under the same label, and then ours is left out.
inline constexpr std::string_view kSelf = "self";

// Also reads what the kernel says about the process. Any thread.
[[nodiscard]] std::string metrics_text(const Facts& facts, const observe::Metrics& metrics);

}  // namespace twinzone::web
