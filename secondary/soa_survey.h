// Asks the primaries of many zones for their serials and compares: what a sync would do, without
// doing it. Decides as the Follower does: primaries in their order until one gives a usable answer,
// UDP twice, then TCP, without EDNS where EDNS is refused. Sans-I/O: questions go out as actions,
// messages, failures and times come in. RFC 1034 §4.3.5.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "common/base/random.h"
#include "common/config/config.h"
#include "common/service/follower_event.h"
#include "secondary/sync_outcome.h"

namespace twinzone::secondary {

// Not thread-safe.
class SoaSurvey {
  public:
    // What one zone came to. An error: no primary gave a usable answer; the last reason.
    struct Answer {
        std::size_t zone = 0;  // as add() counted
        Endpoint from;
        std::optional<dns::Serial> theirs;  // absent with an error
        std::optional<Error> error;
        std::vector<Tried> tried;
    };

    explicit SoaSurvey(std::uint64_t seed);
    ~SoaSurvey();
    SoaSurvey(const SoaSurvey&) = delete;
    SoaSurvey& operator=(const SoaSurvey&) = delete;

    // `ours`: what is in service; nullopt takes any serial. Zones are counted from 0.
    void add(const config::Zone& zone, std::optional<dns::Serial> ours);

    void handle_message(Now now, service::AttemptId attempt, std::span<std::uint8_t> message);
    void handle_failure(Now now, service::AttemptId attempt, const Error& error);
    void handle_timeout(Now now);
    [[nodiscard]] std::optional<Instant> next_timeout() const;

    // Until nullopt, after each call of the above.
    [[nodiscard]] std::optional<service::FollowerAction> poll_action(Now now);
    [[nodiscard]] std::optional<Answer> poll_answer();

    // Every zone has its answer (which may still be polled).
    [[nodiscard]] bool done() const noexcept { return waiting_.empty() && exchanges_.empty(); }

  private:
    struct Zone;
    struct Exchange;

    void ask(Now now, std::size_t zone);
    void ask_next(Now now, std::size_t zone, const Error& why);
    void handle_silence(Now now, std::size_t zone, const Error& why);
    void judge(Now now, std::size_t zone, dns::Serial theirs);
    void finish(std::size_t zone, std::optional<dns::Serial> theirs, std::optional<Error> error);
    std::unique_ptr<Exchange> end(service::AttemptId attempt);

    Random random_;
    std::uint64_t last_attempt_ = 0;
    std::vector<std::unique_ptr<Zone>> zones_;
    std::deque<std::size_t> waiting_;  // zones whose turn has not come
    std::map<service::AttemptId, std::unique_ptr<Exchange>> exchanges_;
    std::set<std::pair<Instant, service::AttemptId>> deadlines_;
    std::set<Endpoint> silent_;  // gave no answer to any try: not waited for again
    std::deque<service::FollowerAction> actions_;
    std::deque<Answer> answers_;
};

}  // namespace twinzone::secondary
