// One simulated machine: a disk that stays, and at most one life of a process on it, made of the
// production cores: Publisher, Announcer and (on a secondary) Follower. This file is the
// simulator's counterpart of the daemon and its sockets.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/config/config.h"
#include "common/dns/tsig.h"
#include "common/service/follower_event.h"
#include "common/shared/history.h"
#include "tests/sim/model_store.h"
#include "tests/sim/network.h"
#include "tests/sim/world.h"

namespace twinzone::sim {

class Node;
struct Database;

// Who is where.
struct Fabric {
    World& world;
    Network& network;
    std::map<Host, Node*> nodes;
    // The node begins to tell of this serial, or a NOTIFY for it leaves.
    std::function<void(const Node&, const dns::Name&, dns::Serial)> on_announced;
    // The remote of that name has answered the node's NOTIFY for this serial.
    std::function<void(const Node&, const dns::Name&, const std::string&, dns::Serial)> on_told;
    // The node begins to send the zone to somebody.
    std::function<void(const Node&, const dns::Name&)> on_served;
    // A transfer to the node came to its end.
    std::function<void(const Node&, const dns::Name&, const service::TransferEnded&)> on_transfer{};
    Database* database = nullptr;  // null: nobody shares a history
};

[[nodiscard]] Endpoint endpoint_of(Host host);
[[nodiscard]] Host host_of(const Endpoint& endpoint);

struct NodeSettings {
    Host host = 0;
    std::string name;
    config::Role role{};
    std::vector<config::Zone> zones;
    dns::TsigKeyring keys;
    StoreFaults store_faults;
    unsigned rogue_percent = 0;  // of transfers that are answered wrongly: a version glued from two
    std::uint32_t transfers_out = 64;
    Duration most_pause = milliseconds{50};     // after each message of a transfer
    std::optional<shared::Retention> shares{};  // its history, with others; kept so long
};

class Node {
  public:
    Node(Fabric& fabric, NodeSettings settings);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    void start();
    void crash();
    [[nodiscard]] bool is_alive() const noexcept { return life_ != nullptr; }

    // The primary's operator: commits new content of a zone; `done` tells whether it was synced
    // while this life lasted.
    void publish(const dns::Name& zone, const StoredVersion& version,
                 std::function<void(bool)> done);

    // Its process is stopped, then goes on as if no time had passed.
    void pause() { fabric_.world.pause(settings_.host); }
    void resume() { fabric_.world.resume(settings_.host); }

    // It takes itself for the one that writes the shared history.
    [[nodiscard]] bool leads() const;
    // Nothing of the history is missing here, as far as it knows.
    [[nodiscard]] std::string sharing_text() const;
    // It stops in good order: the lease is given back first.
    void stop(const std::function<void()>& then);

    // An operator's decision about a held version or a freeze; `done` tells whether it was synced
    // while this life lasted. Requires: is_alive().
    using Decision = std::variant<zone::PublishHeld, zone::DropHeld, zone::SetFrozen>;
    void decide(const dns::Name& zone, const Decision& decision, std::function<void(bool)> done);

    // As the process knows it; null where there is nothing. Requires: is_alive().
    [[nodiscard]] const zone::ZoneHold* hold(const dns::Name& zone) const;

    // What is served; null where nothing is, or the process is down.
    [[nodiscard]] std::shared_ptr<const StoredVersion> served(const dns::Name& zone) const;

    [[nodiscard]] const ModelDisk& disk() const noexcept { return disk_; }
    // What is there from before. Requires: it never started.
    [[nodiscard]] ModelDisk& disk_before_start() noexcept { return disk_; }
    [[nodiscard]] const NodeSettings& settings() const noexcept { return settings_; }
    void set_faults(const StoreFaults& faults, unsigned rogue_percent);

    // Of a followed zone, until it expires. Requires: is_alive().
    [[nodiscard]] std::optional<seconds> expires_in(const dns::Name& zone) const;
    // Counts what primaries answered in this life. Requires: is_alive().
    [[nodiscard]] std::uint64_t answers() const;
    // How often it has taken its timers from the disk: at each start, and where a version is found
    // there whose commit had failed.
    [[nodiscard]] std::uint64_t loads() const noexcept { return loads_; }
    // Counts its lives.
    [[nodiscard]] std::uint64_t starts() const noexcept { return starts_; }
    // Which queue is longer than it may be; empty: none.
    [[nodiscard]] std::string overfull() const;
    // How much waits: commits, questions without an answer, NOTIFYs without one. Requires:
    // is_alive().
    struct Queues {
        std::size_t commits = 0;
        std::size_t questions = 0;
        std::size_t notifies = 0;
    };
    [[nodiscard]] Queues queues() const;

    // Every zone has a timer, and the cores' own counts agree.
    [[nodiscard]] bool invariants_hold() const;

    // No NOTIFY is owed.
    [[nodiscard]] bool is_at_rest() const;

  private:
    class Life;

    [[nodiscard]] std::vector<std::string> notified_of(const dns::Name& zone) const;

    Fabric& fabric_;
    NodeSettings settings_;
    ModelDisk disk_;
    std::shared_ptr<Life> life_;
    std::uint64_t loads_ = 0;
    std::uint64_t starts_ = 0;
};

}  // namespace twinzone::sim
