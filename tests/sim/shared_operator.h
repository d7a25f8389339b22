// Whoever edits the zones of primaries that share a history: makes versions on the one that leads,
// now and then on one that does not, also on one that was stopped for a while.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "tests/sim/node.h"
#include "tests/sim/shared_checkers.h"

namespace twinzone::sim {

class SharedOperator {
  public:
    // `edits`: records that come and go with a version, at most. `pause`: between two, at most.
    struct Habits {
        std::size_t edits = 12;
        Duration pause = seconds{6};
    };
    SharedOperator(World& world, std::vector<dns::Name> zones, std::vector<Node*> primaries,
                   SharedCheckers& checkers, Habits habits)
        : world_(world),
          zones_(std::move(zones)),
          primaries_(std::move(primaries)),
          checkers_(checkers),
          habits_(habits) {}

    // What a primary had before its history was shared; in service when it starts.
    void fill(ModelDisk& disk, dns::Serial serial);

    // From now on, now and then.
    void begin();
    // No more versions.
    void end() noexcept { ended_ = true; }

    // Asked for and acknowledged.
    [[nodiscard]] std::size_t acknowledged() const noexcept { return acknowledged_; }

  private:
    void schedule();
    void publish_on(Node& node, const dns::Name& zone);
    [[nodiscard]] std::shared_ptr<StoredVersion> next_version(const dns::Name& zone,
                                                              const StoredVersion* current);

    World& world_;
    std::vector<dns::Name> zones_;
    std::vector<Node*> primaries_;
    SharedCheckers& checkers_;
    Habits habits_;
    bool ended_ = false;
    std::size_t acknowledged_ = 0;
    std::map<const Node*, std::uint64_t> waiting_;  // for an answer of this life
};

}  // namespace twinzone::sim
