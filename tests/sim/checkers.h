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
    std::string checker;  // whole_version, serial_back, same_digest, acknowledged_lost,
                          // announced_before_sync, held_served, frozen_moved, expire_stretched,
                          // expired_served, queues, timers, converged, untold, at_rest; those of
                          // SharedCheckers
    std::string detail;
};

class Checkers {
  public:
    // `own_contents`: the primaries may have unlike content under one serial.
    Checkers(const World& world, std::vector<Node*> nodes, bool own_contents)
        : world_(world), nodes_(std::move(nodes)), own_contents_(own_contents) {}

    // The operator handed this version to the first primary. Serials of a zone come in order, and
    // may come round again.
    void handle_published(const dns::Name& zone, const zone::Version& version);

    // What the second primary has under a serial of the first one.
    void handle_twin(const dns::Name& zone, const zone::Version& version);

    // The primary died before the version was synced: nobody may ever have it.
    void handle_lost(const dns::Name& zone, const zone::Version& version);

    // A node begins to tell others of a version, or a NOTIFY leaves it: the version must be on that
    // node's disk.
    void handle_announced(const Node& node, const dns::Name& zone, dns::Serial serial);

    // A remote has answered a node's NOTIFY.
    void handle_told(const Node& node, const dns::Name& zone, const std::string& remote,
                     dns::Serial serial);

    // A node begins to send a zone to somebody.
    void handle_served(const Node& node, const dns::Name& zone);

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
    // Place of a version's serial among those published; nullopt: the version never was.
    [[nodiscard]] std::optional<std::size_t> place(const std::string& zone,
                                                   const zone::Version& version) const;
    void check_served(const Node& node, const config::Zone& zone);
    void check_step(const Node& node, const config::Zone& zone, const StoredVersion& from,
                    const StoredVersion& to);
    void check_converged(const Node& node, const Node& primary, const config::Zone& zone);
    void check_told(const Node& node, const config::Zone& zone);
    void check_digests(const Node& node, const std::string& name, const StoredVersion& served);
    void check_expiry(const Node& node, const config::Zone& zone);
    void violate(std::string checker, std::string detail);

    struct Seen {
        std::shared_ptr<const StoredVersion> version;
        std::size_t place = 0;
    };
    // When a zone on a node is to expire, and what that rests on.
    struct Expiry {
        std::optional<Duration> at;  // by World::elapsed()
        std::uint64_t load = 0;
        std::uint64_t answers = 0;   // of primaries, until now
        std::uint64_t believed = 0;  // of those, when it was last put off
    };
    using Place = std::pair<Host, std::string>;  // a zone on a node
    struct Published {
        dns::Serial serial;
        std::vector<zone::Version> contents;
    };

    const World& world_;
    std::vector<Node*> nodes_;  // the primary first
    bool own_contents_;
    std::map<std::string, std::vector<Published>> published_;
    std::map<Place, Seen> seen_;
    std::map<Place, Expiry> expiries_;
    std::map<std::pair<Place, std::string>, dns::Serial> told_;  // remotes, by name
    std::map<Place, std::vector<zone::Version>> approved_;
    std::set<Place> frozen_;
    std::optional<Violation> violation_;
};

}  // namespace twinzone::sim
