// What must hold after every event, and at rest. The first violation is kept, with the checker's
// name and what it saw.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/model_store.h"
#include "tests/sim/node.h"

namespace twinzone::sim {

struct Violation {
    std::string checker;  // whole_version, serial_back, announced_before_sync, held_served,
                          // frozen_moved, timers, converged, at_rest
    std::string detail;
};

class Checkers {
  public:
    explicit Checkers(std::vector<Node*> nodes) : nodes_(std::move(nodes)) {}

    // The operator handed this version to the primary. Versions of a zone come in order.
    void handle_published(const dns::Name& zone, const zone::Version& version);

    // The primary died before the version was synced: nobody may ever have it.
    void handle_lost(const dns::Name& zone, const zone::Version& version);

    // A node begins to tell others of a version, or a NOTIFY leaves it: the version must be on that
    // node's disk.
    void handle_announced(const Node& node, const dns::Name& zone, dns::Serial serial);

    // The operator of a node wants the version that its guard holds in service.
    void handle_approved(const Node& node, const dns::Name& zone, const zone::Version& version);

    // The freeze is synced; the node's operator ends it.
    void handle_frozen(const Node& node, const dns::Name& zone);
    void handle_thawed(const Node& node, const dns::Name& zone);

    // Call after every event. False from the first violation on.
    [[nodiscard]] bool check();

    // When all faults are over and time has passed.
    void check_at_rest();

    [[nodiscard]] const std::optional<Violation>& violation() const noexcept { return violation_; }

  private:
    // Place of a version among those published; nullopt: never published.
    [[nodiscard]] std::optional<std::size_t> place(const std::string& zone,
                                                   const zone::Version& version) const;
    void check_served(const Node& node, const config::Zone& zone);
    void check_step(const Node& node, const config::Zone& zone, const StoredVersion& from,
                    const StoredVersion& to);
    void violate(std::string checker, std::string detail);

    std::vector<Node*> nodes_;  // the primary first
    std::map<std::string, std::vector<zone::Version>> published_;
    struct Seen {
        std::shared_ptr<const StoredVersion> version;
        std::size_t place = 0;
    };
    using Place = std::pair<Host, std::string>;  // a zone on a node
    std::map<Place, Seen> seen_;
    std::map<Place, std::vector<zone::Version>> approved_;
    std::set<Place> frozen_;
    std::optional<Violation> violation_;
};

}  // namespace twinzone::sim
