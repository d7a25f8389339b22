// What /livez and /readyz say, to whoever restarts us or sends us work.
#pragma once

#include <string>

#include "common/web/facts.h"

namespace twinzone::web {

struct Probe {
    bool passed = true;
    std::string text;  // lines
};

// Alive: the loop turns (it answers) and the store can be written.
[[nodiscard]] Probe liveness(bool store_is_broken);

// Ready: every zone is in service as it should be. A transfer of the next version, or an operator's
// freeze, takes nothing from the one that is served. Otherwise the zones that are not, one a line,
// with the reason; at most kMaxProbeLines of them.
[[nodiscard]] Probe readiness(const Facts& facts);

inline constexpr std::size_t kMaxProbeLines = 1000;

}  // namespace twinzone::web
