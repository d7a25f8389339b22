#include "tests/sim/scenario.h"

#include <array>

#include <fmt/format.h>

#include "tests/sim/hold_operator.h"

namespace twinzone::sim {

namespace {

constexpr Duration kFaultyTime = seconds{180};
constexpr Duration kRestTime = hours{3};  // NOTIFYs to who was long away are repeated once an hour

constexpr Host kPrimary = 1;
constexpr Host kSecondaries[] = {2, 3};

dns::Record record(const dns::Name& owner, dns::RrType type, std::uint32_t ttl, Bytes rdata) {
    dns::Record out;
    out.owner = owner;
    out.type = type;
    out.ttl = dns::Ttl{ttl};
    out.rdata = std::move(rdata);
    return out;
}

class Scenario {
  public:
    Scenario(std::uint64_t seed, bool trace)
        : world_(seed, trace), network_(world_), fabric_{world_, network_, {}, {}} {
        if (world_.chance(60)) {
            key_ = *dns::TsigKey::create(*dns::Name::from_text("sim."),
                                         dns::TsigAlgorithm::hmac_sha256, Bytes(32, 7));
        }
        make_zones();
        const unsigned rogue = key_ ? 0 : static_cast<unsigned>(world_.random().below(30));
        faulty_rogue_ = rogue;
        nodes_[0] = make_node(kPrimary, "ns1", config::Role::primary);
        nodes_[1] = make_node(kSecondaries[0], "ns2", config::Role::secondary);
        nodes_[2] = make_node(kSecondaries[1], "ns3", config::Role::secondary);
        checkers_.emplace(std::vector<Node*>{nodes_[0].get(), nodes_[1].get(), nodes_[2].get()});
        hold_operator_.emplace(world_, std::vector<Node*>{nodes_[1].get(), nodes_[2].get()}, zones_,
                               *checkers_);
        fabric_.on_announced = [this](const Node& node, const dns::Name& zone, dns::Serial serial) {
            checkers_->handle_announced(node, zone, serial);
        };
    }

    Outcome run() {
        set_faults(true);
        for (const auto& node : nodes_) {
            node->start();
        }
        schedule_operator();
        if (guarded_) {
            hold_operator_->begin();
        }
        schedule_crashes();
        schedule_partitions();
        const auto check = [this] { return checkers_->check(); };
        world_.run(kFaultyTime, check);
        if (!checkers_->violation()) {
            set_faults(false);
            network_.heal();
            for (const auto& node : nodes_) {
                if (!node->is_alive()) {
                    node->start();
                }
            }
            hold_operator_->let_go();
            if (guarded_) {
                publish_last();
            }
            world_.run(kFaultyTime + kRestTime, check);
        }
        if (!checkers_->violation()) {
            checkers_->check_at_rest();
        }
        return {.violation = checkers_->violation(),
                .trace_hash = world_.trace_hash(),
                .events = world_.events_run(),
                .versions = versions_};
    }

  private:
    struct Publishing {
        dns::Name zone;
        zone::Version version;
    };

    bool at_rest() const { return world_.now().instant - start_ >= kFaultyTime; }

    void make_zones() {
        const char* names[] = {"a.test.", "B.Example.", "."};
        const std::size_t count = 1 + world_.random().below(std::size(names));
        for (std::size_t i = 0; i < count; ++i) {
            zones_.push_back(*dns::Name::from_text(names[i]));
        }
        chained_ = world_.chance(40);
        guarded_ = world_.chance(40);
    }

    config::RemotePtr remote(Host host, const std::string& name) const {
        return std::make_shared<config::Remote>(
            config::Remote{.name = name, .addresses = {endpoint_of(host)}, .key = key_});
    }

    std::unique_ptr<Node> make_node(Host host, const std::string& name, config::Role role) {
        NodeSettings settings;
        settings.host = host;
        settings.name = name;
        settings.role = role;
        if (key_) {
            settings.keys.add(key_);
        }
        for (const dns::Name& zone : zones_) {
            config::Zone configured;
            configured.name = zone;
            configured.refresh.min = seconds{5};
            configured.retry.min = seconds{2};
            configured.allow_transfer = {config::AccessRule{.addresses = {}, .key = key_}};
            configured.allow_notify = configured.allow_transfer;
            if (host == kPrimary) {
                configured.notify = {remote(kSecondaries[0], "ns2"),
                                     remote(kSecondaries[1], "ns3")};
            } else {
                configured.primaries = {remote(kPrimary, "ns1")};
            }
            if (guarded_ && host != kPrimary) {
                configured.guard = config::Guard{.max_delete_percent = 30, .min_records = 10};
            }
            if (chained_ && host == kSecondaries[0]) {
                configured.notify = {remote(kSecondaries[1], "ns3")};
            }
            if (chained_ && host == kSecondaries[1]) {
                configured.primaries.insert(configured.primaries.begin(),
                                            remote(kSecondaries[0], "ns2"));
            }
            settings.zones.push_back(std::move(configured));
        }
        return std::make_unique<Node>(fabric_, std::move(settings));
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
                     .max_history = world_.random().below(8),
                     .most_commit_time = world_.between(milliseconds{1}, milliseconds{300})};
        }
        network_.set_faults(network);
        for (const auto& node : nodes_) {
            node->set_faults(store, faulty && node == nodes_[0] ? faulty_rogue_ : 0);
        }
    }

    void schedule_operator() {
        world_.after(world_.between(milliseconds{1}, seconds{8}), [this] {
            if (at_rest()) {
                return;
            }
            publish_next(zones_[world_.random().below(zones_.size())]);
            schedule_operator();
        });
    }

    // A new version, made from the one that is served. One at a time, as an operator waits for the
    // result.
    void publish_next(const dns::Name& zone) {
        Node& primary = *nodes_[0];
        if (!primary.is_alive() || publishing_) {
            return;
        }
        const std::shared_ptr<const StoredVersion> current = primary.served(zone);
        const dns::Serial first{
            world_.chance(50) ? 0xfffffffeU : static_cast<std::uint32_t>(world_.random().next())};
        const std::optional<dns::Serial> serial =
            current ? next_serial(zone, current->version.serial()) : first;
        if (!serial) {
            return;
        }
        const std::shared_ptr<StoredVersion> next = next_version(zone, *serial, current);
        world_.note(fmt::format("operator publishes {} {}", zone.to_text(),
                                next->version.serial().value()));
        checkers_->handle_published(zone, next->version);
        ++versions_;
        published_[zone.to_text()].push_back(next->version.serial());
        publishing_ = Publishing{zone, next->version};
        primary.publish(zone, *next, [this](bool synced) {
            if (!synced) {
                handle_lost(*publishing_);
            }
            publishing_.reset();
        });
    }

    // What a secondary's operator rejected is never taken again: the zones end with a version that
    // nobody has rejected.
    void publish_last() {
        for (const dns::Name& zone : zones_) {
            publish_at_last(zone);
        }
    }

    void publish_at_last(const dns::Name& zone) {
        world_.after(world_.between(seconds{60}, seconds{120}), [this, zone] {
            const std::size_t before = versions_;
            publish_next(zone);
            if (versions_ == before) {
                publish_at_last(zone);
            }
        });
    }

    std::shared_ptr<StoredVersion> next_version(
        const dns::Name& zone, dns::Serial serial,
        const std::shared_ptr<const StoredVersion>& current) {
        dns::SoaRecord soa;
        soa.owner = zone;
        soa.ttl = dns::Ttl{3600};
        soa.serial = serial;
        soa.refresh = seconds{20};
        soa.retry = seconds{5};
        soa.expire = hours{24 * 7};
        zone::RecordList records;
        if (current) {
            soa = current->version.soa;
            soa.serial = serial;  // and nothing else of it
            const unsigned lost_percent = guarded_ && world_.chance(30) ? 60 : 10;
            for (std::size_t i = 0; i < current->records.size(); ++i) {
                if (!world_.chance(lost_percent)) {
                    records.append(current->records[i]);
                }
            }
        }
        records.append(record(zone, dns::RrType::ns, 300, Bytes(1)).view());  // the root
        const std::size_t more = current ? world_.random().below(12) : world_.random().below(400);
        for (std::size_t i = 0; i < more; ++i) {
            records.append(random_record(zone).view());
        }
        return make_version(soa, std::move(records));
    }

    // Small steps and, as RFC 1982 allows, very large ones; nullopt where some secondary is, or may
    // come to be, so far behind that it would not see the step as forward: the operator waits.
    std::optional<dns::Serial> next_serial(const dns::Name& zone, dns::Serial current) {
        const std::uint32_t steps[] = {1, 1, 1, 2, 100, 0x7fffffff};
        // Whoever rejected the largest step could never be brought forward again.
        const std::size_t usable = std::size(steps) - (guarded_ ? 1 : 0);
        const dns::Serial next{current.value() + steps[world_.random().below(usable)]};
        for (const auto& node : nodes_) {
            const auto disk = node->disk().zones.find(zone.to_text());
            const StoredVersion* has =
                disk != node->disk().zones.end() ? disk->second.content.get() : nullptr;
            if (!newer_than_all_since(zone, has, next)) {
                return std::nullopt;
            }
        }
        return next;
    }

    void handle_lost(const Publishing& lost) {
        checkers_->handle_lost(lost.zone, lost.version);
        published_[lost.zone.to_text()].pop_back();
    }

    // Whether `next` is a step forward from what a node has and from all that was published since,
    // which may be on its way there.
    bool newer_than_all_since(const dns::Name& zone, const StoredVersion* has,
                              dns::Serial next) const {
        const std::vector<dns::Serial>& serials = published_.at(zone.to_text());
        for (auto serial = serials.rbegin(); serial != serials.rend(); ++serial) {
            if (!dns::is_newer(next, *serial)) {
                return false;
            }
            if (has != nullptr && has->version.serial() == *serial) {
                break;
            }
        }
        return true;
    }

    dns::Record random_record(const dns::Name& zone) {
        const std::string text =
            fmt::format("h{}.{}", world_.random().below(300),
                        zone.view().is_root() ? std::string{} : zone.to_text());
        const std::uint32_t ttl = world_.chance(80) ? 300 : 600;
        const bool address = world_.chance(50);
        Bytes rdata(address ? 4 : 101,
                    std::uint8_t{100});  // an address, or a string of 100 octets behind its length
        for (std::size_t i = address ? 0 : 1; i < rdata.size(); ++i) {
            rdata[i] = static_cast<std::uint8_t>(world_.random().next());
        }
        return record(*dns::Name::from_text(text), address ? dns::RrType::a : dns::RrType::txt, ttl,
                      std::move(rdata));
    }

    void schedule_crashes() {
        world_.after(world_.between(seconds{1}, seconds{40}), [this] {
            if (at_rest()) {
                return;
            }
            crash(*nodes_[world_.random().below(nodes_.size())]);
            schedule_crashes();
        });
    }

    void crash(Node& node) {
        if (!node.is_alive()) {
            return;
        }
        node.crash();
        if (&node == nodes_[0].get() && publishing_) {
            forget_if_lost();
        }
        world_.after(world_.between(milliseconds{10}, seconds{30}), [&node] {
            if (!node.is_alive()) {
                node.start();
            }
        });
    }

    // The primary died with a version on its way: it is on the disk, or it never was.
    void forget_if_lost() {
        const auto disk = nodes_[0]->disk().zones.find(publishing_->zone.to_text());
        const bool synced = disk != nodes_[0]->disk().zones.end() && disk->second.content &&
                            disk->second.content->version.digest == publishing_->version.digest;
        if (!synced) {
            handle_lost(*publishing_);
        }
        publishing_.reset();
    }

    void schedule_partitions() {
        world_.after(world_.between(seconds{5}, seconds{60}), [this] {
            if (at_rest()) {
                return;
            }
            const Host a = nodes_[world_.random().below(nodes_.size())]->settings().host;
            const Host b = nodes_[world_.random().below(nodes_.size())]->settings().host;
            network_.block(a, b);
            if (world_.chance(50)) {
                network_.block(b, a);
            }
            world_.note(fmt::format("partition {} {}", a, b));
            world_.after(world_.between(milliseconds{100}, seconds{30}),
                         [this] { network_.heal(); });
            schedule_partitions();
        });
    }

    World world_;
    Network network_;
    Fabric fabric_;
    Instant start_ = world_.now().instant;
    dns::TsigKeyPtr key_;
    bool chained_ = false;
    bool guarded_ = false;
    unsigned faulty_rogue_ = 0;
    std::vector<dns::Name> zones_;
    std::array<std::unique_ptr<Node>, 3> nodes_;
    std::optional<Checkers> checkers_;
    std::optional<HoldOperator> hold_operator_;
    std::optional<Publishing> publishing_;
    std::size_t versions_ = 0;
    std::map<std::string, std::vector<dns::Serial>> published_;
};

}  // namespace

Outcome run_scenario(std::uint64_t seed, bool trace) {
    return Scenario{seed, trace}.run();
}

}  // namespace twinzone::sim
