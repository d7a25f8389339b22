#include "tests/sim/shared_scenario.h"

#include <algorithm>

#include <fmt/format.h>

#include "tests/sim/model_link.h"
#include "tests/sim/shared_checkers.h"
#include "tests/sim/shared_operator.h"
#include "tests/sim/topology.h"

namespace twinzone::sim {

namespace {

constexpr Duration kFaultyTime = seconds{180};
// NOTIFYs to who was long away are repeated once an hour; PostgreSQL's clock may have been set
// back.
constexpr Duration kRestTime = minutes{75};

class SharedScenario {
  public:
    SharedScenario(std::uint64_t seed, bool trace)
        : world_(seed, trace),
          network_(world_),
          postgresql_(world_),
          database_{.postgresql = postgresql_, .faults = {}, .listening = {}},
          fabric_{.world = world_,
                  .network = network_,
                  .nodes = {},
                  .on_announced = {},
                  .on_told = {},
                  .on_served = [](const Node&, const dns::Name&) {},
                  .on_transfer = {},
                  .database = &database_},
          quiet_(world_.chance(30)) {
        const Topology topology = draw();
        for (NodeSettings& settings : settings_of(topology)) {
            if (settings.role == config::Role::primary) {
                settings.shares = retention_;
            }
            auto node = std::make_unique<Node>(fabric_, std::move(settings));
            all_.push_back(node.get());
            if (node->settings().shares) {
                primaries_.push_back(node.get());
            }
            nodes_.push_back(std::move(node));
        }
        checkers_.emplace(postgresql_.tables(), all_, quiet_);
        operator_.emplace(
            world_, topology.zones, primaries_, *checkers_,
            SharedOperator::Habits{.edits = quiet_ ? 3U : 12U,
                                   .pause = world_.between(milliseconds{200}, seconds{8})});
        connect_checkers();
    }

    Outcome run() {
        set_faults(true);
        begin();
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
                .versions = checkers_->versions(),
                .faults = world_.faults()};
    }

  private:
    bool at_rest() const { return world_.elapsed() >= kFaultyTime; }

    Topology draw() {
        Topology topology = draw_topology(world_);
        topology.relayed = false;
        topology.guarded = false;
        topology.short_expire = false;
        topology.twin = Twin::same_content;
        if (world_.chance(60)) {
            retention_.max_versions = 2 + world_.random().below(20);
        }
        return topology;
    }

    void connect_checkers() {
        fabric_.on_announced = [this](const Node& node, const dns::Name& zone, dns::Serial serial) {
            checkers_->handle_announced(node, zone, serial);
        };
        fabric_.on_told = [this](const Node& node, const dns::Name& zone, const std::string& remote,
                                 dns::Serial serial) {
            checkers_->handle_told(node, zone, remote, serial);
        };
        fabric_.on_transfer = [this](const Node& node, const dns::Name& zone,
                                     const service::TransferEnded& ended) {
            if (!ended.error && ended.cause == service::TransferCause::foreign) {
                world_.count("zone taken whole from a primary that no version came from");
            }
            checkers_->handle_transfer(node, zone, ended);
        };
    }

    // In a share of the runs the first primary was there before the history was shared, and the
    // second one, which comes once the history has begun, had other content.
    void begin() {
        const bool had_content = world_.chance(30);
        if (had_content) {
            world_.count("a primary with content from before");
            operator_->fill(nodes_[0]->disk_before_start(), dns::Serial{500});
            if (world_.chance(50)) {
                operator_->fill(nodes_[1]->disk_before_start(), dns::Serial{400});
            }
        }
        for (const auto& node : nodes_) {
            if (!had_content || node != nodes_[1]) {
                node->start();
            }
        }
        if (had_content) {
            start_second();
        }
        operator_->begin();
        schedule_losses();
        schedule_database();
        schedule_partitions();
        if (world_.chance(40)) {
            schedule_clock();
        }
    }

    void start_second() {
        world_.after(seconds{1}, [this] {
            if (nodes_[1]->is_alive()) {
                return;
            }
            if (postgresql_.tables().zones().size() == nodes_[0]->settings().zones.size()) {
                nodes_[1]->start();
            } else {
                start_second();
            }
        });
    }

    void calm() {
        set_faults(false);
        network_.heal();
        if (!postgresql_.is_up()) {
            postgresql_.start();
        }
        for (const auto& node : nodes_) {
            node->resume();
            if (!node->is_alive()) {
                node->start();
            }
        }
        operator_->end();
    }

    void set_faults(bool faulty) {
        Faults network{.most_delay = milliseconds{20}};
        StoreFaults store{.max_history = 10'000};
        database_.faults = {};
        if (faulty) {
            database_.faults = {
                .break_percent = static_cast<unsigned>(world_.random().below(6)),
                .hint_loss_percent = static_cast<unsigned>(world_.random().below(60)),
                .most_delay = world_.between(milliseconds{1}, milliseconds{800})};
        }
        if (faulty && !quiet_) {
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
            node->set_faults(store, 0);
        }
    }

    Node& any_primary() { return *primaries_[world_.random().below(primaries_.size())]; }

    // Mostly whoever leads: it dies, is stopped for a while, or ends in good order.
    void schedule_losses() {
        world_.after(world_.between(seconds{2}, seconds{25}), [this] {
            if (at_rest()) {
                return;
            }
            Node* node = &any_primary();
            for (Node* each : primaries_) {
                node = each->leads() && world_.chance(80) ? each : node;
            }
            if (!quiet_ && world_.chance(20)) {
                node = all_[world_.random().below(all_.size())];
            }
            lose(*node);
            schedule_losses();
        });
    }

    void lose(Node& node) {
        if (!node.is_alive() || world_.is_paused(node.settings().host)) {
            return;
        }
        if (world_.chance(40)) {
            pause(node);
        } else if (node.settings().shares && world_.chance(30)) {
            world_.count("primary ends in good order");
            const auto end = [this, &node, life = node.starts()] {
                if (node.is_alive() && node.starts() == life) {
                    crash(node);
                }
            };
            node.stop([this, end] { world_.after_at(0, Duration{0}, end); });
            world_.after(milliseconds{500}, end);
        } else {
            crash(node);
        }
    }

    void crash(Node& node) {
        node.crash();
        world_.after(world_.between(milliseconds{10}, seconds{30}), [&node] {
            if (!node.is_alive()) {
                node.start();
            }
        });
    }

    // For longer than a lease in half of the cases.
    void pause(Node& node) {
        world_.note(node.settings().name + " is stopped");
        node.pause();
        world_.after(world_.between(milliseconds{100}, seconds{14}), [this, &node] {
            world_.note(node.settings().name + " goes on");
            node.resume();
        });
    }

    void schedule_database() {
        world_.after(world_.between(seconds{10}, seconds{80}), [this] {
            if (at_rest()) {
                return;
            }
            world_.note("PostgreSQL stops");
            database_.stop(world_.chance(50));
            world_.after(world_.between(milliseconds{50}, seconds{20}), [this] {
                world_.note("PostgreSQL starts");
                postgresql_.start();
            });
            schedule_database();
        });
    }

    // In one direction, or both; in quiet runs only between primaries and PostgreSQL.
    void schedule_partitions() {
        world_.after(world_.between(seconds{5}, seconds{50}), [this] {
            if (at_rest()) {
                return;
            }
            const bool to_database = quiet_ || world_.chance(60);
            const Host a = (to_database ? any_primary() : *all_[world_.random().below(all_.size())])
                               .settings()
                               .host;
            const Host b =
                to_database ? kDatabase : all_[world_.random().below(all_.size())]->settings().host;
            block(a, b);
            world_.after(world_.between(milliseconds{100}, seconds{30}),
                         [this] { network_.heal(); });
            schedule_partitions();
        });
    }

    void block(Host a, Host b) {
        world_.count(b == kDatabase ? "cut from PostgreSQL" : "partition");
        world_.note(fmt::format("partition {} {}", a, b));
        const std::uint64_t which = world_.random().below(3);
        if (which != 1) {
            network_.block(a, b);
        }
        if (which != 0) {
            network_.block(b, a);
        }
    }

    void schedule_clock() {
        world_.after(world_.between(seconds{10}, seconds{90}), [this] {
            if (at_rest()) {
                return;
            }
            const auto by = seconds{static_cast<std::int64_t>(world_.random().below(1200))};
            if (world_.chance(50)) {
                world_.set_clock(world_.chance(50) ? by : -by);
            } else {
                world_.count("PostgreSQL's clock set");
                postgresql_.set_clock(world_.chance(50) ? by : -by);
            }
            schedule_clock();
        });
    }

    World world_;
    Network network_;
    ModelPostgresql postgresql_;
    Database database_;
    Fabric fabric_;
    bool quiet_;  // secondaries and their network are well
    shared::Retention retention_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::vector<Node*> all_;
    std::vector<Node*> primaries_;
    std::optional<SharedCheckers> checkers_;
    std::optional<SharedOperator> operator_;
};

}  // namespace

Outcome run_shared_scenario(std::uint64_t seed, bool trace) {
    return SharedScenario{seed, trace}.run();
}

}  // namespace twinzone::sim
