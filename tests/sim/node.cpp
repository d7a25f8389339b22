#include "tests/sim/node.h"

#include "common/base/assert.h"
#include "tests/sim/life.h"

namespace twinzone::sim {

Endpoint endpoint_of(Host host) {
    return {IpAddress::v4({10, 0, static_cast<std::uint8_t>(host >> 8U),
                           static_cast<std::uint8_t>(host & 0xffU)}),
            53};
}

Host host_of(const Endpoint& endpoint) {
    return (Host{endpoint.address.octets()[2]} << 8U) | endpoint.address.octets()[3];
}

Node::Node(Fabric& fabric, NodeSettings settings)
    : fabric_(fabric), settings_(std::move(settings)) {
    fabric_.nodes[settings_.host] = this;
}

Node::~Node() = default;

void Node::start() {
    TWINZONE_ASSERT(!life_);
    fabric_.world.note(settings_.name + " starts");
    fabric_.world.run_as(settings_.host, [this] {
        life_ = std::make_shared<Life>(*this, fabric_.world.random().next());
        ++loads_;
        ++starts_;
        life_->begin();
    });
}

void Node::crash() {
    fabric_.world.note(settings_.name + " crashes");
    fabric_.world.count("crash");
    life_->store().crash();
    life_.reset();
}

void Node::publish(const dns::Name& zone, const StoredVersion& version,
                   std::function<void(bool)> done) {
    const zone::ZoneState* state = life_->store().find(zone);
    zone::Commit commit;
    commit.zone = zone;
    commit.base =
        state != nullptr && state->version ? std::optional{state->version->serial()} : std::nullopt;
    auto records = std::make_shared<zone::RecordList>(version.records);
    struct Held final : zone::RecordStream {
        explicit Held(std::shared_ptr<zone::RecordList> held)
            : list(std::move(held)), stream(*list) {}
        Result<std::optional<dns::RecordView>> next() override { return stream.next(); }
        std::shared_ptr<zone::RecordList> list;
        ListStream stream;
    };
    commit.change = zone::ReplaceWith{.soa = version.version.soa,
                                      .records = std::make_unique<Held>(std::move(records))};
    commit.now = fabric_.world.now().unix;
    commit.owe_notify = notified_of(zone);
    commit.shared = settings_.shares.has_value();
    life_->store().submit(std::move(commit),
                          [weak = std::weak_ptr<Life>{life_}, zone,
                           done = std::move(done)](const Result<zone::Committed>& committed) {
                              const std::shared_ptr<Life> life = weak.lock();
                              if (life && committed && committed->changed) {
                                  life->publish(zone, *committed->version);
                              } else if (life && !committed) {
                                  life->handle_not_published(zone);
                              }
                              done(committed.has_value());
                          });
}

bool Node::leads() const {
    return life_ && life_->sharing() != nullptr && life_->sharing()->leads();
}

std::string Node::sharing_text() const {
    return life_ && life_->sharing() != nullptr ? life_->sharing()->text() : "down";
}

void Node::stop(const std::function<void()>& then) {
    fabric_.world.run_as(settings_.host, [&] { life_->sharing()->give_back(then); });
}

void Node::decide(const dns::Name& zone, const Decision& decision, std::function<void(bool)> done) {
    const zone::ZoneState* state = life_->store().find(zone);
    zone::Commit commit;
    commit.zone = zone;
    commit.base =
        state != nullptr && state->version ? std::optional{state->version->serial()} : std::nullopt;
    std::visit([&commit](const auto& change) { commit.change = change; }, decision);
    commit.now = fabric_.world.now().unix;
    commit.owe_notify = notified_of(zone);
    life_->store().submit(std::move(commit),
                          [weak = std::weak_ptr<Life>{life_}, zone,
                           approves = std::holds_alternative<zone::PublishHeld>(decision),
                           done = std::move(done)](const Result<zone::Committed>& committed) {
                              const std::shared_ptr<Life> life = weak.lock();
                              if (life && committed) {
                                  life->handle_decided(zone, approves, *committed);
                              }
                              done(life && committed);
                          });
}

const zone::ZoneHold* Node::hold(const dns::Name& zone) const {
    return life_->store().hold(zone);
}

std::vector<std::string> Node::notified_of(const dns::Name& zone) const {
    std::vector<std::string> remotes;
    for (const config::Zone& configured : settings_.zones) {
        for (const config::RemotePtr& remote : configured->notify) {
            if (configured.name == zone) {
                remotes.push_back(remote->name);
            }
        }
    }
    return remotes;
}

std::shared_ptr<const StoredVersion> Node::served(const dns::Name& zone) const {
    return life_ ? life_->store().served(zone) : nullptr;
}

void Node::set_faults(const StoreFaults& faults, unsigned rogue_percent) {
    settings_.store_faults = faults;
    settings_.rogue_percent = rogue_percent;
    if (life_) {
        life_->store().set_faults(faults);
    }
}

std::optional<seconds> Node::expires_in(const dns::Name& zone) const {
    return life_->expires_in(zone);
}

std::uint64_t Node::answers() const {
    return life_->answers();
}

std::string Node::overfull() const {
    return life_ ? life_->overfull() : std::string{};
}

Node::Queues Node::queues() const {
    return life_->queues();
}

bool Node::invariants_hold() const {
    return !life_ || life_->invariants_hold();
}

bool Node::is_at_rest() const {
    return life_ && life_->is_at_rest() && disk_.owed.empty();
}

}  // namespace twinzone::sim
