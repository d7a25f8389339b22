#include "tests/sim/fan_out.h"

#include <algorithm>
#include <deque>
#include <unordered_map>

#include <fmt/format.h>

#include "tests/sim/drawn_records.h"

namespace twinzone::sim {

namespace {

constexpr Host kPrimaryHost = 1;
constexpr Duration kWarmUp = seconds{5};  // the checks after a start are over
constexpr Duration kMostDrain = seconds{60};
constexpr Duration kDrainStep = milliseconds{100};
constexpr std::uint32_t kFirstSerial = 1'000'000'000;
constexpr std::size_t kHeaderOctets = 12;
constexpr std::size_t kTextOctets = 100;

Sent kind_of(ByteView message) {
    if (message.size() < kHeaderOctets) {
        return Sent::other;
    }
    const bool is_answer = (message[2] & 0x80U) != 0;
    const unsigned opcode = (message[2] >> 3U) & 0xfU;
    if (opcode == static_cast<unsigned>(dns::Opcode::notify)) {
        return is_answer ? Sent::notify_answer : Sent::notify;
    }
    std::size_t at = kHeaderOctets;  // the question's name
    while (at < message.size() && message[at] != 0) {
        at += message[at] + 1U;
    }
    if (message[5] == 0 || at + 2 >= message.size()) {
        return Sent::other;
    }
    const auto type = static_cast<dns::RrType>((message[at + 1] << 8U) | message[at + 2]);
    if (type == dns::RrType::soa) {
        return is_answer ? Sent::soa_answer : Sent::soa_query;
    }
    if (type == dns::RrType::ixfr) {
        return is_answer ? Sent::ixfr_answer : Sent::ixfr_query;
    }
    return Sent::other;
}

struct Placed {
    Host host = 0;
    Host above = 0;  // 0: nobody
    std::size_t tier = 0;
};

std::vector<Placed> places_of(const FanOutSettings& settings) {
    std::vector<Placed> out{{.host = kPrimaryHost, .above = 0, .tier = 0}};
    Host next = kPrimaryHost + 1;
    if (settings.relays == 0) {
        for (std::uint32_t i = 0; i < settings.leaves; ++i) {
            out.push_back({.host = next++, .above = kPrimaryHost, .tier = 1});
        }
    }
    for (std::uint32_t relay = 0; relay < settings.relays; ++relay) {
        const Host host = next++;
        out.push_back({.host = host, .above = kPrimaryHost, .tier = 1});
        for (std::uint32_t i = 0; i < settings.leaves; ++i) {
            out.push_back({.host = next++, .above = host, .tier = 2});
        }
    }
    return out;
}

class Run {
  public:
    explicit Run(const FanOutSettings& settings)
        : settings_(settings),
          world_(settings.seed, false),
          network_(world_),
          fabric_{world_, network_, {}, {}, {}, {}},
          places_(places_of(settings)) {
        network_.set_faults({.most_delay = settings.most_delay});
        network_.set_tap([this](Host from, Host to, ByteView octets, bool on_connection) {
            handle_sent(from, to, octets, on_connection);
        });
        fabric_.on_announced = [this](const Node& node, const dns::Name& zone, dns::Serial serial) {
            handle_announced(node.settings().host, zone, serial.value());
        };
        fabric_.on_told = [](const Node&, const dns::Name&, const std::string&, dns::Serial) {};
        fabric_.on_served = [](const Node&, const dns::Name&) {};
        name_zones();
        place_nodes();
    }

    FanOut run() {
        for (const auto& node : nodes_) {
            node->start();
        }
        run_until(kWarmUp);
        clear();
        schedule_changes();
        run_until(kWarmUp + settings_.duration);
        for (Duration drain{0}; missing() > 0 && drain < kMostDrain; drain += kDrainStep) {
            run_until(world_.elapsed() + kDrainStep);
        }
        out_.measured = world_.elapsed() - kWarmUp;
        out_.missing = missing();
        out_.events = world_.events_run();
        std::sort(out_.latencies.begin(), out_.latencies.end());
        return std::move(out_);
    }

  private:
    // One that is not at all leaves yet.
    struct Change {
        Duration committed{0};
        std::size_t leaves_without = 0;
    };
    struct ZoneRun {
        dns::Name name;
        std::uint32_t first_open = kFirstSerial + 1;  // of `open`
        std::deque<Change> open;
        bool publishing = false;
    };

    void name_zones() {
        zones_.reserve(settings_.zones);
        for (std::uint32_t i = 0; i < settings_.zones; ++i) {
            ZoneRun& zone = zones_.emplace_back();
            zone.name = *dns::Name::from_text(fmt::format("z{:06}.test.", i));
            zone_index_.emplace(zone.name, i);
        }
    }

    void place_nodes() {
        if (settings_.with_key) {
            key_ = *dns::TsigKey::create(*dns::Name::from_text("sim."),
                                         dns::TsigAlgorithm::hmac_sha256, Bytes(32, 7));
        }
        const std::size_t tiers = settings_.relays == 0 ? 2 : 3;
        out_.tiers.resize(tiers);
        out_.edges.resize(tiers - 1);
        serials_.assign(places_.size() + 1,
                        std::vector<std::uint32_t>(zones_.size(), kFirstSerial));
        for (const Placed& place : places_) {
            remotes_[place.host] = std::make_shared<config::Remote>(
                config::Remote{.name = fmt::format("h{}", place.host),
                               .addresses = {endpoint_of(place.host)},
                               .key = key_});
        }
        for (const Placed& place : places_) {
            ++out_.tiers[place.tier].nodes;
            if (place.above != 0) {
                ++out_.edges[place.tier - 1].count;
            }
            nodes_.push_back(std::make_unique<Node>(fabric_, settings_of(place)));
            fill_disk(nodes_.back()->disk_before_start(), place);
        }
    }

    NodeSettings settings_of(const Placed& place) {
        NodeSettings out;
        out.host = place.host;
        out.name = fmt::format("h{}", place.host);
        out.role = place.above == 0 ? config::Role::primary : config::Role::secondary;
        out.store_faults.most_commit_time = kMostCommit;
        out.transfers_out = 100'000;
        out.most_pause = kLeastTold;
        if (key_) {
            out.keys.add(key_);
        }
        std::vector<config::RemotePtr> below;
        for (const Placed& other : places_) {
            if (other.above == place.host) {
                below.push_back(remotes_.at(other.host));
            }
        }
        config::Zone common;  // its settings are shared
        common.edit().allow_transfer = {config::AccessRule{.addresses = {}, .key = key_}};
        common.edit().allow_notify = common->allow_transfer;
        common.edit().notify = below;
        if (place.above != 0) {
            common.edit().primaries = {remotes_.at(place.above)};
        }
        out.zones.assign(zones_.size(), common);
        for (std::size_t i = 0; i < zones_.size(); ++i) {
            out.zones[i].name = zones_[i].name;
        }
        return out;
    }

    // Everybody begins with the same version of each zone, from who is above.
    void fill_disk(ModelDisk& disk, const Placed& place) {
        std::vector<std::shared_ptr<const StoredVersion>>& contents = contents_[place.above];
        for (std::size_t i = contents.size(); i < zones_.size(); ++i) {
            const std::shared_ptr<StoredVersion> made = version(zones_[i], kFirstSerial);
            made->source = place.above == 0 ? std::string{} : endpoint_of(place.above).to_text();
            contents.push_back(made);
        }
        const UnixTime now = world_.now().unix;
        for (std::size_t i = 0; i < zones_.size(); ++i) {
            ModelDisk::HeldZone& held = disk.zones[zones_[i].name.to_text()];
            held.content = contents[i];
            held.timers = {.last_success = now, .expires = now + held.content->version.soa.expire};
        }
    }

    // One record tells the versions apart; all are of the same size.
    [[nodiscard]] std::shared_ptr<StoredVersion> version(const ZoneRun& zone,
                                                         std::uint32_t serial) const {
        dns::SoaRecord soa;
        soa.owner = zone.name;
        soa.mname = zone.name;
        soa.rname = zone.name;
        soa.ttl = dns::Ttl{3600};
        soa.serial = dns::Serial{serial};
        soa.refresh = settings_.refresh;
        soa.retry = seconds{600};
        soa.expire = seconds{1'209'600};
        Bytes text(kTextOctets + 1, std::uint8_t{kTextOctets});
        const std::string digits = fmt::format("{:0100}", serial);
        std::copy(digits.begin(), digits.end(), text.begin() + 1);
        zone::RecordList records;
        const dns::Name www = *dns::Name::from_text(fmt::format("www.{}", zone.name.to_text()));
        records.append(record(www, dns::RrType::a, 3600, Bytes(4, 1)).view());
        records.append(record(www, dns::RrType::txt, 3600, std::move(text)).view());
        return make_version(soa, std::move(records));
    }

    void schedule_changes() {
        const auto count =
            static_cast<std::int64_t>(settings_.changes) * settings_.duration.count();
        for (std::int64_t i = 0; i < count; ++i) {
            world_.after_at(kPrimaryHost, Duration{seconds{1}} * i / settings_.changes,
                            [this] { change(world_.random().below(zones_.size())); });
        }
    }

    // A zone whose last version is being committed leaves it to the next one.
    void change(std::size_t wanted) {
        for (std::size_t i = 0; i < zones_.size(); ++i) {
            ZoneRun& zone = zones_[(wanted + i) % zones_.size()];
            if (!zone.publishing) {
                const std::uint32_t serial = serials_[kPrimaryHost][zone_index_.at(zone.name)] + 1;
                zone.publishing = true;
                nodes_.front()->publish(zone.name, *version(zone, serial),
                                        [&zone](bool) { zone.publishing = false; });
                return;
            }
        }
    }

    void handle_announced(Host host, const dns::Name& name, std::uint32_t serial) {
        const std::uint32_t index = zone_index_.at(name);
        const std::uint32_t before = std::exchange(serials_[host][index], serial);
        if (before == serial) {
            return;  // a NOTIFY leaves for what was committed
        }
        const std::size_t tier = places_[host - 1].tier;
        ++out_.tiers[tier].commits;
        note_queues(host);
        ZoneRun& zone = zones_[index];
        if (tier == 0) {
            ++out_.changes;
            zone.open.push_back(
                {.committed = world_.elapsed(), .leaves_without = out_.tiers.back().nodes});
        }
        if (tier + 1 < out_.tiers.size()) {
            return;
        }
        for (std::uint32_t each = before + 1; each <= serial; ++each) {
            --zone.open[each - zone.first_open].leaves_without;
        }
        while (!zone.open.empty() && zone.open.front().leaves_without == 0) {
            out_.latencies.push_back(world_.elapsed() - zone.open.front().committed);
            zone.open.pop_front();
            ++zone.first_open;
        }
    }

    void handle_sent(Host from, Host to, ByteView octets, bool on_connection) {
        const std::size_t upper = std::min(places_[from - 1].tier, places_[to - 1].tier);
        const Sent kind = kind_of(on_connection ? octets.subspan(2) : octets);
        Traffic& traffic = out_.edges[upper].traffic[static_cast<std::size_t>(kind)];
        ++traffic.messages;
        traffic.octets += octets.size();
        note_queues(from);
    }

    void note_queues(Host host) {
        const Node& node = *nodes_[host - 1];
        if (!node.is_alive()) {
            return;  // it is starting
        }
        const Node::Queues now = node.queues();
        Node::Queues& largest = out_.tiers[places_[host - 1].tier].largest;
        largest.commits = std::max(largest.commits, now.commits);
        largest.questions = std::max(largest.questions, now.questions);
        largest.notifies = std::max(largest.notifies, now.notifies);
    }

    [[nodiscard]] std::uint64_t missing() const {
        std::uint64_t open = 0;
        for (const ZoneRun& zone : zones_) {
            open += zone.open.size() + (zone.publishing ? 1 : 0);
        }
        return open;
    }

    void clear() {
        for (Tier& tier : out_.tiers) {
            tier.commits = 0;
            tier.largest = {};
        }
        for (Edges& edges : out_.edges) {
            edges.traffic = {};
        }
    }

    void run_until(Duration until) {
        world_.run(until, [] { return true; });
    }

    FanOutSettings settings_;
    World world_;
    Network network_;
    Fabric fabric_;
    std::vector<Placed> places_;  // by host, from 1
    dns::TsigKeyPtr key_;
    std::map<Host, config::RemotePtr> remotes_;
    std::map<Host, std::vector<std::shared_ptr<const StoredVersion>>> contents_;  // by who is above
    std::vector<ZoneRun> zones_;
    std::unordered_map<dns::Name, std::uint32_t, dns::NameHash> zone_index_;
    std::vector<std::vector<std::uint32_t>> serials_;  // by host and zone
    std::vector<std::unique_ptr<Node>> nodes_;
    FanOut out_;
};

}  // namespace

FanOut run_fan_out(const FanOutSettings& settings) {
    return Run{settings}.run();
}

}  // namespace twinzone::sim
