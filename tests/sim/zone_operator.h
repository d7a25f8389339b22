// The operator of the primaries: publishes versions at moments drawn from the seed, and has the
// second primary follow the first.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/checkers.h"
#include "tests/sim/topology.h"

namespace twinzone::sim {

class ZoneOperator {
  public:
    // `nodes`: the first primary first. `twin` may be null.
    ZoneOperator(World& world, const Topology& topology, std::vector<Node*> nodes, Node* twin,
                 Checkers& checkers)
        : world_(world),
          topology_(topology),
          nodes_(std::move(nodes)),
          twin_(twin),
          checkers_(checkers) {}

    // From now on, now and then.
    void begin();

    // No more versions, but one for each zone that nobody has rejected (where there are guards).
    void end();

    // The first primary has died.
    void handle_crash();

    [[nodiscard]] std::size_t versions() const noexcept { return versions_; }

  private:
    struct Publishing {
        dns::Name zone;
        zone::Version version;
    };

    void schedule();
    void schedule_twin();
    void publish_next(const dns::Name& zone);
    void publish_at_last(const dns::Name& zone);
    void handle_lost(const Publishing& lost);
    void bring_twin_forward(const dns::Name& zone);
    [[nodiscard]] std::shared_ptr<StoredVersion> next_version(
        const dns::Name& zone, dns::Serial serial,
        const std::shared_ptr<const StoredVersion>& current);
    [[nodiscard]] std::optional<dns::Serial> next_serial(const dns::Name& zone,
                                                         dns::Serial current);
    [[nodiscard]] bool newer_than_all_since(const dns::Name& zone, const StoredVersion* has,
                                            dns::Serial next) const;

    World& world_;
    const Topology& topology_;
    std::vector<Node*> nodes_;
    Node* twin_;
    Checkers& checkers_;
    bool ended_ = false;
    std::optional<Publishing> publishing_;
    std::size_t versions_ = 0;
    std::map<std::string, std::vector<dns::Serial>> published_;
};

}  // namespace twinzone::sim
