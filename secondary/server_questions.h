// What is asked of and told to the servers beside us: which serial they answer for a zone, and that
// there is a new one (RFC 1996). Sans-I/O: the runner sends the questions, messages and times come
// in.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "common/base/random.h"
#include "common/config/config.h"
#include "common/dns/soa.h"
#include "common/service/follower_event.h"

namespace twinzone::secondary {

// One question about a serial and one NOTIFY at a time for each zone. Zones by the caller's index.
// Not thread-safe.
class ServerQuestions {
  public:
    struct Target {
        std::uint32_t zone = 0;
        dns::Name name;
        config::RemotePtr server;  // its first address; signed where it has a key and knows it
    };
    // The serial that the server answers with authority; otherwise why there is none: Errc::rcode
    // and message_unexpected where it answered, peer_unreachable where nothing came.
    struct Served {
        std::uint32_t zone = 0;
        Result<dns::Serial> serial;
    };
    // The server will not listen to our NOTIFY.
    struct NotifyRefused {
        std::uint32_t zone = 0;
        std::string why;
    };

    explicit ServerQuestions(std::uint64_t seed);
    ~ServerQuestions();
    ServerQuestions(const ServerQuestions&) = delete;
    ServerQuestions& operator=(const ServerQuestions&) = delete;

    // Answered by exactly one Served, unless forgotten before.
    void ask_serial(Now now, const Target& target);
    // Sent once; it is the caller who repeats it.
    void notify(Now now, const Target& target, const dns::SoaRecord& soa);
    // Nothing more is wanted about the zone.
    void forget(std::uint32_t zone);

    void handle_message(Now now, service::AttemptId attempt, std::span<std::uint8_t> message);
    void handle_failure(service::AttemptId attempt, const Error& error);
    void handle_timeout(Now now);
    [[nodiscard]] std::optional<Instant> next_timeout() const;

    // Until nullopt, after each call of the above.
    [[nodiscard]] std::optional<service::FollowerAction> poll_action();
    [[nodiscard]] std::optional<Served> poll_served();
    [[nodiscard]] std::optional<NotifyRefused> poll_refused();
    [[nodiscard]] bool has_served() const noexcept { return !served_.empty(); }

    // Questions about serials under way.
    [[nodiscard]] std::size_t asking() const noexcept { return asking_.size(); }

  private:
    struct Exchange;
    struct Form {
        service::Transport transport = service::Transport::udp;
        bool edns = true;
        bool is_signed = true;  // where there is a key
    };

    void ask(Now now, const Target& target, Form form);
    void launch(std::unique_ptr<Exchange> exchange, Result<Bytes> message);
    std::unique_ptr<Exchange> end(service::AttemptId attempt);
    void handle_soa(Now now, service::AttemptId attempt, std::span<std::uint8_t> message);
    void handle_notify_answer(Now now, service::AttemptId attempt, std::span<std::uint8_t> message);

    Random random_;
    std::uint64_t last_attempt_ = 0;
    std::map<service::AttemptId, std::unique_ptr<Exchange>> exchanges_;
    std::map<std::uint32_t, service::AttemptId> asking_;     // by zone
    std::map<std::uint32_t, service::AttemptId> notifying_;  // by zone
    std::set<std::pair<Instant, service::AttemptId>> deadlines_;
    std::deque<service::FollowerAction> actions_;
    std::deque<Served> served_;
    std::deque<NotifyRefused> refused_;
    std::set<Endpoint> unsigned_;  // servers that take a signed query for a wrong one
};

}  // namespace twinzone::secondary
