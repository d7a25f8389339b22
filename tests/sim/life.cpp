#include "tests/sim/life.h"

#include <fmt/format.h>

#include "common/dns/message.h"
#include "tests/sim/rogue.h"

namespace twinzone::sim {

namespace {

class ListIntake final : public service::ContentIntake {
  public:
    Result<void> add(const dns::RecordView& record) override {
        list_.append(record);
        return {};
    }

    std::unique_ptr<zone::RecordStream> finish() override {
        list_.sort_unique();
        return std::make_unique<Owned>(std::move(list_));
    }

  private:
    class Owned final : public zone::RecordStream {
      public:
        explicit Owned(zone::RecordList list) : list_(std::move(list)), stream_(list_) {}
        Result<std::optional<dns::RecordView>> next() override { return stream_.next(); }

      private:
        zone::RecordList list_;
        ListStream stream_;
    };

    zone::RecordList list_;
};

transfer::AccessRules rules_of(const std::vector<config::AccessRule>& configured) {
    std::vector<transfer::AccessRule> rules;
    rules.reserve(configured.size());
    for (const config::AccessRule& rule : configured) {
        rules.push_back({.addresses = rule.addresses, .key = rule.key});
    }
    return transfer::AccessRules{std::move(rules)};
}

config::Limits sim_limits() {
    config::Limits limits;
    limits.transfer_idle = seconds{20};
    return limits;
}

}  // namespace

std::unique_ptr<service::ContentIntake> ListIntakeSource::open() {
    return std::make_unique<ListIntake>();
}

// A connection from the server's side: requests in, and what is on its way out.
struct Node::Life::Session {
    std::shared_ptr<Connection> connection;
    Host from = 0;
    net::DnsFrames frames;
    std::deque<Bytes> requests;
    std::unique_ptr<service::OutgoingTransfer> transfer;
};

Node::Life::Life(Node& node, std::uint64_t seed)
    : node_(node),
      fabric_(node.fabric_),
      store_(std::make_shared<ModelStore>(
          fabric_.world, node.disk_, node.settings_.store_faults,
          ModelStore::Events{.on_completion =
                                 [this] {
                                     if (follower_) {
                                         follower_->handle_commits(fabric_.world.now());
                                     }
                                     pump();
                                 },
                             .on_found =
                                 [this](const dns::Name& zone, const zone::Version& version) {
                                     ++node_.loads_;
                                     if (follower_) {
                                         follower_->handle_found(fabric_.world.now(), zone);
                                     }
                                     publish(zone, version);
                                     pump();
                                 },
                             .agree =
                                 [this](std::vector<store::Proposal> proposals,
                                        std::function<void(Result<void>)> done) {
                                     sharing_->agree(std::move(proposals), std::move(done));
                                 }})),
      follower_(node.settings_.role == config::Role::secondary
                    ? std::make_unique<service::Follower>(*store_, intakes_, sim_limits(), seed)
                    : nullptr),
      publisher_(*store_, node.settings_.keys, follower_.get(), node.settings_.transfers_out),
      announcer_(*store_, {}, seed + 1) {
    if (node_.settings_.shares) {
        sharing_ = std::make_shared<Sharing>(
            fabric_, node_.settings_, *store_, intakes_,
            [this](const dns::Name& zone) { return node_.notified_of(zone); },
            [this](const dns::Name& zone, const zone::Version& version) {
                publish(zone, version);
                pump();
            });
    }
}

void Node::Life::begin() {
    const Now now = fabric_.world.now();
    publisher_.use_cookies({1, 2});
    for (const config::Zone& zone : node_.settings_.zones) {
        publisher_.put_zone(zone.name, rules_of(zone->allow_transfer));
        announcer_.add_zone(zone);
        if (follower_) {
            follower_->add_zone(now, zone);
        }
    }
    announcer_.resume_owed(now);
    if (sharing_) {
        sharing_->begin();
    }
    pump();
}

void Node::Life::handle_not_published(const dns::Name& zone) {
    if (sharing_) {
        sharing_->put(zone);
    }
}

void Node::Life::pump() {
    const Now now = fabric_.world.now();
    if (follower_) {
        while (std::optional<service::FollowerAction> action = follower_->poll_action(now)) {
            run(std::move(*action), true);
        }
        while (const std::optional<service::FollowerEvent> event = follower_->poll_event()) {
            handle_event(*event);
        }
    }
    while (std::optional<service::FollowerAction> action = announcer_.poll_action(now)) {
        run(std::move(*action), false);
    }
    while (const std::optional<service::Announced> event = announcer_.poll_event()) {
        if (event->stage == service::Announced::Stage::answered && !event->error &&
            event->verdict != transfer::NotifyVerdict::retrying) {
            fabric_.on_told(node_, event->zone, event->remote, event->serial);
        }
    }
    arm();
}

void Node::Life::arm() {
    std::optional<Instant> next = announcer_.next_timeout();
    const std::optional<Instant> follower = follower_ ? follower_->next_timeout() : std::nullopt;
    if (follower && (!next || *follower < *next)) {
        next = follower;
    }
    if (!next) {
        return;
    }
    const std::uint64_t number = ++timer_;
    fabric_.world.after(*next - fabric_.world.now().instant, [weak = weak_from_this(), number] {
        const std::shared_ptr<Life> self = weak.lock();
        if (self && self->timer_ == number) {
            if (self->follower_) {
                self->follower_->handle_timeout(self->fabric_.world.now());
            }
            self->pump();
        }
    });
}

void Node::Life::handle_decided(const dns::Name& zone, bool approves,
                                const zone::Committed& committed) {
    if (approves && committed.changed) {
        publish(zone, *committed.version);
    }
    if (follower_ && approves) {
        follower_->handle_approved(fabric_.world.now(), zone, *committed.version);
    } else if (follower_) {
        follower_->refresh(fabric_.world.now(), zone);
    }
}

void Node::Life::handle_event(const service::FollowerEvent& event) {
    if (const auto* published = std::get_if<service::VersionPublished>(&event.what)) {
        fabric_.world.note(fmt::format("{} has {} {}", node_.settings_.name, event.zone.to_text(),
                                       published->version.serial().value()));
        publish(event.zone, published->version);
    } else if (const auto* ended = std::get_if<service::TransferEnded>(&event.what);
               ended != nullptr && fabric_.on_transfer) {
        fabric_.on_transfer(node_, event.zone, *ended);
    }
    if (const auto* ended = std::get_if<service::TransferEnded>(&event.what);
        ended != nullptr && ended->error) {
        fabric_.world.note(fmt::format("{} transfer of {} failed: {}", node_.settings_.name,
                                       event.zone.to_text(), ended->error->detail()));
    }
}

void Node::Life::publish(const dns::Name& zone, const zone::Version& version) {
    fabric_.on_announced(node_, zone, version.serial());
    announcer_.handle_published(fabric_.world.now(), zone, version);
}

std::optional<seconds> Node::Life::expires_in(const dns::Name& zone) const {
    return follower_ ? follower_->expires_in(fabric_.world.now(), zone) : std::nullopt;
}

// A zone has at most one question, one transfer's commit, and a few of timers and decisions.
std::string Node::Life::overfull() const {
    constexpr std::size_t kCommitsPerZone = 16;
    const std::size_t zones = node_.settings_.zones.size();
    std::size_t targets = 0;
    for (const config::Zone& zone : node_.settings_.zones) {
        targets += zone->notify.size();
    }
    if (store_->queued() > zones * kCommitsPerZone) {
        return fmt::format("{} commits wait", store_->queued());
    }
    if (questions_.size() > zones) {
        return fmt::format("{} questions for {} zones", questions_.size(), zones);
    }
    if (announcer_.owed() > targets) {
        return fmt::format("{} NOTIFYs for {} targets", announcer_.owed(), targets);
    }
    if (publisher_.transfers() > node_.settings_.transfers_out) {
        return fmt::format("{} transfers out", publisher_.transfers());
    }
    return {};
}

Node::Queues Node::Life::queues() const {
    return {
        .commits = store_->queued(), .questions = questions_.size(), .notifies = announcer_.owed()};
}

bool Node::Life::invariants_hold() const {
    return !follower_ || follower_->invariants_hold();
}

void Node::Life::run(service::FollowerAction action, bool for_follower) {
    if (const auto* abandoned = std::get_if<service::Abandon>(&action)) {
        const auto at = questions_.find(abandoned->attempt);
        if (for_follower && at != questions_.end()) {
            if (at->second.connection) {
                at->second.connection->close();
            }
            questions_.erase(at);
        }
        return;
    }
    const service::Ask& question = std::get<service::Ask>(action);
    // A NOTIFY over TCP is one message each way as well: it goes as a datagram.
    if (for_follower && question.transport == service::Transport::tcp) {
        ask_tcp(question);
    } else {
        ask_udp(question, for_follower);
    }
}

void Node::Life::ask_udp(const service::Ask& question, bool for_follower) {
    const Host here = node_.settings_.host;
    const Host there = host_of(question.to);
    if (for_follower) {
        questions_.try_emplace(question.attempt);
    } else if (const Result<dns::Message> notify = dns::Message::parse(question.message);
               notify && !notify->answer.empty()) {
        fabric_.on_announced(node_, notify->question->name,
                             dns::SoaRecord::parse(notify->answer.front().view())->serial);
    }
    Fabric& fabric = fabric_;
    fabric.network.send(
        here, there, question.message,
        [&fabric, here, there, weak = weak_from_this(), attempt = question.attempt,
         for_follower](Bytes bytes) {
            const std::shared_ptr<Life> server = fabric.nodes.at(there)->life_;
            if (!server) {
                return;
            }
            server->handle_datagram(
                here, std::move(bytes),
                [&fabric, here, there, weak, attempt, for_follower](const Bytes& reply) {
                    fabric.network.send(
                        there, here, reply, [weak, attempt, for_follower](Bytes message) {
                            if (const std::shared_ptr<Life> self = weak.lock()) {
                                self->handle_reply(attempt, std::move(message), for_follower);
                            }
                        });
                });
        });
}

void Node::Life::handle_reply(service::AttemptId attempt, Bytes message, bool for_follower) {
    const Now now = fabric_.world.now();
    if (for_follower) {
        ++answers_;
        follower_->handle_message(now, attempt, message);
    } else {
        announcer_.handle_message(now, attempt, message);
    }
    pump();
}

void Node::Life::ask_tcp(const service::Ask& question) {
    const Host here = node_.settings_.host;
    const Host there = host_of(question.to);
    const service::AttemptId attempt = question.attempt;
    Fabric& fabric = fabric_;
    const std::weak_ptr<Life> weak = weak_from_this();
    const std::shared_ptr<Connection> connection = fabric.network.connect(
        here, there,
        [&fabric, here, there](const std::shared_ptr<Connection>& server) {
            const std::shared_ptr<Life> life = fabric.nodes.at(there)->life_;
            return life && life->accept(here, server);
        },
        [weak, attempt, request = net::with_length(question.message)] {
            const std::shared_ptr<Life> self = weak.lock();
            if (self && self->questions_.contains(attempt)) {
                self->follower_->handle_connected(self->fabric_.world.now(), attempt);
                self->questions_.at(attempt).connection->write(request);
                self->pump();
            }
        });
    questions_[attempt].connection = connection;
    connection->start({.on_bytes =
                           [weak, attempt](std::span<std::uint8_t> bytes) {
                               if (const std::shared_ptr<Life> self = weak.lock()) {
                                   self->handle_bytes(attempt, bytes);
                               }
                           },
                       .on_closed =
                           [weak, attempt] {
                               if (const std::shared_ptr<Life> self = weak.lock()) {
                                   self->follower_->handle_failure(
                                       self->fabric_.world.now(), attempt,
                                       Error{Errc::peer_unreachable, "connection cut"});
                                   self->pump();
                               }
                           }});
}

void Node::Life::handle_bytes(service::AttemptId attempt, std::span<std::uint8_t> bytes) {
    const auto at = questions_.find(attempt);
    if (at == questions_.end()) {
        return;
    }
    std::vector<Bytes> messages;
    at->second.frames.feed(bytes);
    while (true) {
        const Result<std::optional<net::DnsFrames::Message>> message = at->second.frames.next();
        if (!message || !*message) {
            break;
        }
        messages.emplace_back((*message)->begin(), (*message)->end());
    }
    for (Bytes& message : messages) {
        ++answers_;
        follower_->handle_message(fabric_.world.now(), attempt, message);
        pump();
    }
}

void Node::Life::handle_datagram(Host from, Bytes bytes, const std::function<void(Bytes)>& reply) {
    service::Publisher::Answer answer =
        publisher_.answer(fabric_.world.now(),
                          {.peer = endpoint_of(from), .transport = service::Transport::udp}, bytes);
    if (Bytes* message = std::get_if<Bytes>(&answer)) {
        reply(std::move(*message));
    }
    static_cast<void>(publisher_.take_refusals());
    pump();
}

bool Node::Life::accept(Host from, const std::shared_ptr<Connection>& connection) {
    auto session = std::make_shared<Session>();
    session->connection = connection;
    session->from = from;
    const std::weak_ptr<Life> weak = weak_from_this();
    connection->start({.on_bytes =
                           [weak, session](std::span<std::uint8_t> bytes) {
                               const std::shared_ptr<Life> self = weak.lock();
                               if (!self) {
                                   session->connection->close();
                                   return;
                               }
                               session->frames.feed(bytes);
                               while (true) {
                                   const Result<std::optional<net::DnsFrames::Message>> message =
                                       session->frames.next();
                                   if (!message || !*message) {
                                       break;
                                   }
                                   session->requests.emplace_back((*message)->begin(),
                                                                  (*message)->end());
                               }
                               self->serve(session);
                           },
                       .on_closed =
                           [weak, session] {
                               const std::shared_ptr<Life> self = weak.lock();
                               if (self && session->transfer) {
                                   self->publisher_.transfer_ended();
                               }
                               session->transfer.reset();
                           }});
    return true;
}

void Node::Life::serve(const std::shared_ptr<Session>& session) {
    while (!session->transfer && !session->requests.empty() && session->connection->is_open()) {
        Bytes request = std::move(session->requests.front());
        session->requests.pop_front();
        const Result<dns::Message> query = dns::Message::parse(request);
        const bool transfer = query && transfer::is_transfer_query(*query);
        if (transfer && store_->served(query->question->name) &&
            fabric_.world.chance(node_.settings_.rogue_percent)) {
            const RogueAnswer wrong =
                rogue_answer(fabric_.world, *query, *store_->served(query->question->name));
            session->connection->write(net::with_length(wrong.message));
            if (wrong.hangs_up) {
                session->connection->close();
            }
            continue;
        }
        service::Publisher::Answer answer = publisher_.answer(
            fabric_.world.now(),
            {.peer = endpoint_of(session->from), .transport = service::Transport::tcp}, request);
        if (const Bytes* message = std::get_if<Bytes>(&answer)) {
            session->connection->write(net::with_length(*message));
        } else if (auto* started =
                       std::get_if<std::unique_ptr<service::OutgoingTransfer>>(&answer)) {
            session->transfer = std::move(*started);
            fabric_.on_served(node_, query->question->name);
            send_next(session);
        }
        static_cast<void>(publisher_.take_refusals());
    }
    pump();
}

// One message, then a pause: versions come and go while a transfer is on its way.
void Node::Life::send_next(const std::shared_ptr<Session>& session) {
    if (!session->transfer) {
        return;
    }
    const Result<std::optional<service::WireMessage>> message =
        session->transfer->next(fabric_.world.now().unix);
    if (!message || !*message) {
        session->transfer.reset();
        publisher_.transfer_ended();
        serve(session);
        return;
    }
    session->connection->write(net::with_length((*message)->message()));
    fabric_.world.after(fabric_.world.between(microseconds{10}, node_.settings_.most_pause),
                        [weak = weak_from_this(), session] {
                            if (const std::shared_ptr<Life> self = weak.lock()) {
                                self->send_next(session);
                            }
                        });
}

}  // namespace twinzone::sim
