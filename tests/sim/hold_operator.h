// The operator who approves and rejects what the secondaries' guards hold, and who freezes and
// thaws zones, at moments drawn from the seed.
#pragma once

#include <memory>
#include <vector>

#include "tests/sim/checkers.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

namespace twinzone::sim {

class HoldOperator {
  public:
    HoldOperator(World& world, std::vector<Node*> secondaries, std::vector<dns::Name> zones,
                 Checkers& checkers)
        : world_(world),
          secondaries_(std::move(secondaries)),
          zones_(std::move(zones)),
          checkers_(checkers) {}

    // From now on, now and then.
    void begin();

    // From now on all that is held is approved, and all that is frozen thawed.
    void let_go() noexcept { lets_go_ = true; }

  private:
    void schedule();
    void act(Node& node, const dns::Name& zone);
    void decide_held(Node& node, const dns::Name& zone, const zone::HeldVersion& held);
    void freeze(Node& node, const dns::Name& zone);
    void thaw(Node& node, const dns::Name& zone);

    World& world_;
    std::vector<Node*> secondaries_;
    std::vector<dns::Name> zones_;
    Checkers& checkers_;
    bool lets_go_ = false;
};

}  // namespace twinzone::sim
