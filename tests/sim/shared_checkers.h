// What must hold where primaries share a history, after every event and at rest. The truth is what
// the modelled PostgreSQL was made to append.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/checkers.h"
#include "tests/sim/node.h"
#include "tests/sim/shared_tables.h"

namespace twinzone::sim {

class SharedCheckers {
  public:
    // `quiet`: whatever happens to primaries and PostgreSQL, secondaries and their network are
    // well.
    SharedCheckers(const SharedTables& tables, std::vector<Node*> nodes, bool quiet)
        : tables_(tables), nodes_(std::move(nodes)), quiet_(quiet) {}

    // It was in service on a primary before the history was shared.
    void handle_before(const dns::Name& zone, const zone::Version& version);
    // A primary told its operator that the version is in service.
    void handle_acknowledged(const Node& node, const dns::Name& zone, const zone::Version& version);
    void handle_announced(const Node& node, const dns::Name& zone, dns::Serial serial);
    void handle_told(const Node& node, const dns::Name& zone, const std::string& remote,
                     dns::Serial serial);
    void handle_transfer(const Node& node, const dns::Name& zone,
                         const service::TransferEnded& ended);

    // Call after every event. False from the first violation on.
    [[nodiscard]] bool check();
    // When all faults are over and time has passed.
    void check_at_rest();

    [[nodiscard]] const std::optional<Violation>& violation() const noexcept { return violation_; }
    [[nodiscard]] std::size_t versions() const noexcept { return looked_at_; }
    [[nodiscard]] std::size_t transfers() const noexcept { return transfers_; }

  private:
    // One zone's history, as it was appended.
    struct Chain {
        std::vector<TableMark> marks;
        std::map<std::int64_t, std::string> digests;  // by serial
        std::int64_t token = 0;                       // of the last one
    };
    using Place = std::pair<Host, std::string>;  // a zone on a node
    struct Seen {
        std::shared_ptr<const StoredVersion> version;
        std::ptrdiff_t place = -1;  // in its chain; -1: from before it was shared
    };

    void take(const VersionRow& row);
    void check_served(const Node& node, const config::Zone& zone);
    // nullopt: it is none of the history, and was not in service before.
    [[nodiscard]] std::optional<std::ptrdiff_t> place(const std::string& zone,
                                                      const TableMark& mark) const;
    void check_rest_of(const Node& node, const config::Zone& zone);
    void violate(std::string checker, std::string detail);

    const SharedTables& tables_;
    std::vector<Node*> nodes_;
    bool quiet_;
    std::size_t looked_at_ = 0;  // rows of the log
    std::size_t transfers_ = 0;
    std::map<std::string, Chain> chains_;  // by the zone's name in lower case
    std::map<std::string, std::vector<TableMark>> before_;
    std::map<Place, Seen> seen_;
    std::map<std::pair<Place, std::string>, dns::Serial> told_;  // remotes, by name
    std::set<std::pair<Place, std::string>> met_;  // primaries a version came from, by address
    std::optional<Violation> violation_;
};

}  // namespace twinzone::sim
