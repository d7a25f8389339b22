#include "common/service/zone_tally.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include <fmt/format.h>

namespace twinzone::service {

void ZoneTally::add(const control::ZoneStatus& status) {
    ++zones_.at(static_cast<std::size_t>(status.state));
    worst_lag_ = std::max(worst_lag_, status.lag.value_or(seconds{0}));
    for (const control::PeerStatus& peer : status.peers) {
        worst_lag_ = std::max(worst_lag_, peer.lag.value_or(seconds{0}));
    }
}

std::string ZoneTally::to_text() const {
    constexpr auto current = static_cast<std::size_t>(control::ZoneState::current);
    const std::size_t all = std::accumulate(zones_.begin(), zones_.end(), std::size_t{0});
    std::string text = fmt::format("{}/{} zones current", zones_.at(current), all);
    for (std::size_t state = 0; state < zones_.size(); ++state) {
        if (state != current && zones_.at(state) > 0) {
            fmt::format_to(std::back_inserter(text), ", {} {}", zones_.at(state),
                           to_string(static_cast<control::ZoneState>(state)));
        }
    }
    fmt::format_to(std::back_inserter(text), ", worst lag {} s", worst_lag_.count());
    return text;
}

}  // namespace twinzone::service
