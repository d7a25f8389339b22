#include "tests/sim/scenario.h"

#include <algorithm>

#include <fmt/format.h>

#include "tests/sim/hold_operator.h"
#include "tests/sim/topology.h"
#include "tests/sim/zone_operator.h"

namespace twinzone::sim {

namespace {

constexpr Duration kFaultyTime = seconds{180};
constexpr Duration kRestTime = hours{3};  // NOTIFYs to who was long away are repeated once an hour

class Scenario {
  public:
    Scenario(std::uint64_t seed, bool trace)
        : world_(seed, trace),
          network_(world_),
          fabric_{world_, network_, {}, {}, {}, {}},
          topology_(draw_topology(world_)) {
        // What is signed cannot be wrong without breaking its signature.
        rogue_percent_ = topology_.key ? 0 : static_cast<unsigned>(world_.random().below(30));
        std::vector<Node*> all;
        std::vector<Node*> secondaries;
        for (NodeSettings& settings : settings_of(topology_)) {
            const Host host = settings.host;
            nodes_.push_back(std::make_unique<Node>(fabric_, std::move(settings)));
            all.push_back(nodes_.back().get());
            if (std::count(std::begin(kSecondaries), std::end(kSecondaries), host) > 0) {
                secondaries.push_back(all.back());
            }
            twin_ = host == kTwin ? all.back() : twin_;
        }
        checkers_.emplace(world_, all, topology_.twin == Twin::own_content);
        zone_operator_.emplace(world_, topology_, all, twin_, *checkers_);
        hold_operator_.emplace(world_, secondaries, topology_.zones, *checkers_);
        fabric_.on_announced = [this](const Node& node, const dns::Name& zone, dns::Serial serial) {
            checkers_->handle_announced(node, zone, serial);
        };
        fabric_.on_told = [this](const Node& node, const dns::Name& zone, const std::string& remote,
                                 dns::Serial serial) {
            checkers_->handle_told(node, zone, remote, serial);
        };
        fabric_.on_served = [this](const Node& node, const dns::Name& zone) {
            checkers_->handle_served(node, zone);
        };
    }

    Outcome run() {
        set_faults(true);
        for (const auto& node : nodes_) {
            node->start();
        }
        zone_operator_->begin();
        if (topology_.guarded) {
            hold_operator_->begin();
        }
        schedule_crashes();
        schedule_partitions();
        if (world_.chance(40)) {
            schedule_clock();
        }
        const auto check = [this] { return checkers_->check(); };
        world_.run(kFaultyTime, check);
        if (!checkers_->violation()) {
            calm();
            world_.run(kFaultyTime + kRestTime, check);
        }
        if (!checkers_->violation()) {
            checkers_->check_at_rest();
        }
        return {.violation = checkers_->violation(),
                .trace_hash = world_.trace_hash(),
                .events = world_.events_run(),
                .versions = zone_operator_->versions(),
                .faults = world_.faults()};
    }

  private:
    bool at_rest() const { return world_.elapsed() >= kFaultyTime; }

    void calm() {
        set_faults(false);
        network_.heal();
        for (const auto& node : nodes_) {
            if (!node->is_alive()) {
                node->start();
            }
        }
        hold_operator_->let_go();
        zone_operator_->end();
    }

    void set_faults(bool faulty) {
        Faults network;
        StoreFaults store;
        if (faulty) {
            network = {.loss_percent = static_cast<unsigned>(world_.random().below(40)),
                       .double_percent = static_cast<unsigned>(world_.random().below(20)),
                       .cut_percent = static_cast<unsigned>(world_.random().below(40)),
                       .stall_percent = static_cast<unsigned>(world_.random().below(10)),
                       .most_delay = world_.between(milliseconds{1}, milliseconds{500})};
            store = {.failure_percent = static_cast<unsigned>(world_.random().below(15)),
                     .io_percent = static_cast<unsigned>(world_.random().below(6)),
                     .max_history = world_.random().below(8),
                     .most_commit_time = world_.between(milliseconds{1}, milliseconds{300})};
        }
        network_.set_faults(network);
        for (const auto& node : nodes_) {
            const bool lies = faulty && (node == nodes_[0] || node.get() == twin_ ||
                                         node->settings().host == kRelay);
            node->set_faults(store, lies ? rogue_percent_ : 0);
        }
    }

    Node& any_node() { return *nodes_[world_.random().below(nodes_.size())]; }

    void schedule_crashes() {
        world_.after(world_.between(seconds{1}, seconds{30}), [this] {
            if (!at_rest()) {
                crash(any_node());
                schedule_crashes();
            }
        });
    }

    void crash(Node& node) {
        if (!node.is_alive()) {
            return;
        }
        node.crash();
        if (&node == nodes_[0].get()) {
            zone_operator_->handle_crash();
        }
        world_.after(world_.between(milliseconds{10}, seconds{30}), [&node] {
            if (!node.is_alive()) {
                node.start();
            }
        });
    }

    void schedule_partitions() {
        world_.after(world_.between(seconds{5}, seconds{60}), [this] {
            if (at_rest()) {
                return;
            }
            const Host a = any_node().settings().host;
            const Host b = any_node().settings().host;
            network_.block(a, b);
            if (world_.chance(50)) {
                network_.block(b, a);
            }
            world_.count("partition");
            world_.note(fmt::format("partition {} {}", a, b));
            world_.after(
                world_.between(milliseconds{100}, seconds{topology_.short_expire ? 90 : 30}),
                [this] { network_.heal(); });
            schedule_partitions();
        });
    }

    void schedule_clock() {
        world_.after(world_.between(seconds{10}, seconds{90}), [this] {
            if (!at_rest()) {
                const auto by = seconds{static_cast<std::int64_t>(world_.random().below(7200))};
                world_.set_clock(world_.chance(50) ? by : -by);
                schedule_clock();
            }
        });
    }

    World world_;
    Network network_;
    Fabric fabric_;
    Topology topology_;
    unsigned rogue_percent_ = 0;
    std::vector<std::unique_ptr<Node>> nodes_;
    Node* twin_ = nullptr;
    std::optional<Checkers> checkers_;
    std::optional<ZoneOperator> zone_operator_;
    std::optional<HoldOperator> hold_operator_;
};

}  // namespace

Outcome run_scenario(std::uint64_t seed, bool trace) {
    return Scenario{seed, trace}.run();
}

}  // namespace twinzone::sim
