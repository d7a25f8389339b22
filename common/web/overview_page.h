// The page at "/": zones, problems first, and for each the peers with serial and lag.
#pragma once

#include <string>

#include "common/web/facts.h"
#include "common/web/lag_history.h"
#include "common/web/overview.h"

namespace twinzone::web {

// More peers than this on one page stand in one column together.
inline constexpr std::size_t kMaxPeerColumns = 4;

[[nodiscard]] std::string overview_page(const Facts& facts, const LagHistory& history,
                                        const OverviewQuery& query);

}  // namespace twinzone::web
