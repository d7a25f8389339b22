// One life of a process on a node. Callbacks that the world keeps hold it weakly: a crash is its
// destruction.
#pragma once

#include <map>
#include <memory>

#include "common/net/dns_frames.h"
#include "common/service/announcer.h"
#include "common/service/content_intake.h"
#include "common/service/follower.h"
#include "common/service/publisher.h"
#include "tests/sim/node.h"
#include "tests/sim/sharing.h"

namespace twinzone::sim {

// Full transfers into a list.
class ListIntakeSource final : public service::IntakeSource {
  public:
    [[nodiscard]] std::unique_ptr<service::ContentIntake> open() override;
};

class Node::Life : public std::enable_shared_from_this<Node::Life> {
  public:
    Life(Node& node, std::uint64_t seed);

    // Call once, when a shared_ptr owns it.
    void begin();

    // Lets the cores do what is due: questions out, events in, timers.
    void pump();

    void handle_datagram(Host from, Bytes bytes, const std::function<void(Bytes)>& reply);
    [[nodiscard]] bool accept(Host from, const std::shared_ptr<Connection>& connection);

    [[nodiscard]] ModelStore& store() { return *store_; }
    void publish(const dns::Name& zone, const zone::Version& version);
    // An operator's decision is synced.
    void handle_decided(const dns::Name& zone, bool approves, const zone::Committed& committed);
    // Until the zone expires; nullopt where it does not.
    [[nodiscard]] std::optional<seconds> expires_in(const dns::Name& zone) const;
    // Good answers of primaries that came in.
    [[nodiscard]] std::uint64_t answers() const noexcept { return answers_; }
    // Which queue is longer than it may be; empty: none.
    [[nodiscard]] std::string overfull() const;
    [[nodiscard]] Queues queues() const;
    [[nodiscard]] bool invariants_hold() const;
    [[nodiscard]] bool is_at_rest() const { return announcer_.owed() == 0; }
    // A commit of the zone failed: others may have agreed to it.
    void handle_not_published(const dns::Name& zone);
    // Null where no history is shared.
    [[nodiscard]] Sharing* sharing() const noexcept { return sharing_.get(); }

  private:
    struct Session;

    void run(service::FollowerAction action, bool for_follower);
    void ask_udp(const service::Ask& question, bool for_follower);
    void ask_tcp(const service::Ask& question);
    void handle_reply(service::AttemptId attempt, Bytes message, bool for_follower);
    void handle_bytes(service::AttemptId attempt, std::span<std::uint8_t> bytes);
    void handle_event(const service::FollowerEvent& event);
    void arm();
    void serve(const std::shared_ptr<Session>& session);
    void send_next(const std::shared_ptr<Session>& session);

    struct Question {
        std::shared_ptr<Connection> connection;  // null: UDP
        net::DnsFrames frames;
    };

    Node& node_;
    Fabric& fabric_;
    std::shared_ptr<ModelStore> store_;
    ListIntakeSource intakes_;
    std::unique_ptr<service::Follower> follower_;  // null on a primary
    service::Publisher publisher_;
    service::Announcer announcer_;
    std::shared_ptr<Sharing> sharing_;                  // null where no history is shared
    std::map<service::AttemptId, Question> questions_;  // the follower's
    std::uint64_t answers_ = 0;
    std::uint64_t timer_ = 0;  // counts armings: only the last one fires
};

}  // namespace twinzone::sim
