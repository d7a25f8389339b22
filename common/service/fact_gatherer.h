// Reads the status of all zones for pages and metrics: in slices, between which the loop serves
// others, so that 100,000 zones keep nobody waiting.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "common/control/status.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "common/web/facts.h"

namespace twinzone::service {

// Loop thread only. The loop outlives it; destroying it drops what is under way.
class FactGatherer {
  public:
    struct Sources {
        // Everything but the zones.
        std::function<web::Facts()> begin;
        // The status of the zone at this place of some order; nullopt behind the last.
        std::function<std::optional<control::ZoneStatus>(std::size_t place)> zone_at;
    };
    using Done = std::function<void(std::shared_ptr<const web::Facts>)>;

    FactGatherer(net::Loop& loop, Sources sources);

    // Hands over facts none of which is older than this call; at once, from within, where there are
    // few zones.
    void gather(Done done);

    // What the last gathering cost the loop.
    [[nodiscard]] Duration cost() const noexcept { return cost_; }

  private:
    void start();
    void read_slice();
    void finish();

    net::Loop& loop_;
    Sources sources_;
    net::Timer timer_;
    std::vector<Done> waiting_;  // for the next gathering
    std::vector<Done> served_;   // by the one under way
    std::shared_ptr<web::Facts> facts_;
    Duration spent_{0};
    Duration cost_{0};
    bool is_running_ = false;
};

}  // namespace twinzone::service
