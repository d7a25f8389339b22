// Which connection each question goes on, so that the questions about many zones share few
// connections to each target (RFC 7766 §6.2, RFC 9103 §6.2). Sits between the cores that ask and
// the sockets; knows nothing of zones. No I/O.
//
//   question:    waits --a connection is free--> sent --answer whole--> over
//                  ^                              | the connection ended first
//                  '--- once, then alone on one --'
//   connection:  connecting --> open <--> idle --time told or kIdleTime--> closed
//
// One zone transfer at a time runs on a connection, since servers answer one after the other and a
// small answer would stand behind a large one; single questions are pipelined on others. Answers
// are told apart by ID and question and may come in any order (RFC 7766 §7). A question whose
// connection ended before its answer began is asked once more, with no other on its connection: a
// server that takes one question a connection, passes over the next ones, or whose answers cannot
// be told apart, is so met as if nothing were shared, and after kStrikes nothing is for kAloneTime.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <variant>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/error.h"
#include "common/base/time.h"

namespace twinzone::transfer {

enum class ConnectionId : std::uint64_t {};
enum class QuestionId : std::uint64_t {};

// For a connection to be made, a TLS handshake included.
inline constexpr seconds kConnectionTime{10};

// A connection without a question is closed after it, or when the peer says (edns-tcp-keepalive),
// but not kept longer than kLongestIdleTime (RFC 7766 §6.2.3, RFC 7828 §3.4).
inline constexpr seconds kIdleTime{5};
inline constexpr seconds kLongestIdleTime{30};

// Single questions that wait for answers on one connection.
inline constexpr std::size_t kMaxPipelined = 64;

// For the next octets on a connection that was used before or has several questions: some servers
// answer one and never look at the others. A transfer may take longer to begin.
inline constexpr seconds kSilence{2};
inline constexpr seconds kTransferSilence{5};

// How often a target ends connections after one answer before each question gets its own, and for
// how long.
inline constexpr unsigned kStrikes = 2;
inline constexpr minutes kAloneTime{10};

// An end that comes so soon after the only answer says "one question a connection".
inline constexpr seconds kEndsAfterAnswer{1};

// Targets (an address, how it is asked) by the caller's dense indexes; identities are the caller's,
// too. Not thread-safe. After any call poll_action() may have something.
class ConnectionPool {
  public:
    // Make a connection; handle_connected() or handle_end() follows.
    struct Open {
        ConnectionId connection{};
        std::uint32_t target = 0;
    };
    // Write it, with its two octets of length, behind what was written before. Also on a connection
    // that is still being made.
    struct Send {
        ConnectionId connection{};
        std::shared_ptr<const Bytes> framed;
    };
    // Nothing of it is wanted any more.
    struct Close {
        ConnectionId connection{};
    };
    // All connections to the target are taken: the question is sent when one is free. Its time does
    // not run meanwhile.
    struct Waits {
        QuestionId question{};
    };
    // The question's connection stands.
    struct Connected {
        QuestionId question{};
    };
    // No answer, or nothing more of it, will come. The pool has forgotten the question.
    struct Failed {
        QuestionId question{};
        Error error;
    };
    using Action = std::variant<Open, Send, Close, Waits, Connected, Failed>;

    // How a question leaves that its owner gives up: whole, after the last message of a transfer.
    enum class Left : std::uint8_t { whole, midway };

    // `per_target`: connections at a time to one target; not 0. One of them is kept from transfers
    // where there are more.
    explicit ConnectionPool(std::uint32_t per_target) : per_target_(per_target) {}

    // For connections from now on.
    void set_per_target(std::uint32_t per_target) noexcept { per_target_ = per_target; }

    // `message`: a query of one question, its name uncompressed. Requires: `id` was never used.
    void ask(Instant now, QuestionId id, std::uint32_t target, ByteView message);

    // The owner has what it wants, or gives up. Unknown questions are passed over.
    void abandon(Instant now, QuestionId id, Left left);

    // What became of connections that were opened. Calls for closed ones are passed over.
    void handle_connected(Instant now, ConnectionId id);
    void handle_end(Instant now, ConnectionId id, const Error& why);

    // Whose answer a message is; nullopt: nobody's. `idle`: what the message says of how long an
    // idle connection is kept (RFC 7828).
    [[nodiscard]] std::optional<QuestionId> handle_message(Instant now, ConnectionId id,
                                                           ByteView message,
                                                           std::optional<Duration> idle = {});

    // Closes idle connections of the target and lets the others end with their questions: it is
    // asked in another way from now on.
    void retire(std::uint32_t target);

    void handle_timeout(Instant now);
    [[nodiscard]] std::optional<Instant> next_timeout() const;
    [[nodiscard]] std::optional<Action> poll_action();

    [[nodiscard]] bool knows(QuestionId id) const { return questions_.contains(id); }
    [[nodiscard]] bool is_open(ConnectionId id) const { return connections_.contains(id); }
    [[nodiscard]] std::size_t connections(std::uint32_t target) const;
    [[nodiscard]] std::size_t questions() const noexcept { return questions_.size(); }

    // Every question waits at its target or stands on one connection, and all counts agree. For
    // tests.
    [[nodiscard]] bool invariants_hold() const;

  private:
    struct Question {
        std::uint32_t target = 0;
        std::shared_ptr<const Bytes> framed;
        std::uint16_t message_id = 0;
        std::size_t section_bytes = 0;  // of the question section
        bool is_transfer = false;
        bool alone = false;     // asked once before, in vain: no other on its connection
        bool answered = false;  // something of the answer came
        std::optional<ConnectionId> connection{};
    };
    struct Connection {
        std::uint32_t target = 0;
        bool open = false;
        bool alone = false;    // for one question
        bool leaving = false;  // takes no more questions
        std::uint32_t transfers = 0;
        std::uint64_t answers = 0;
        std::map<std::uint16_t, QuestionId> asked;  // by message ID, answer not whole
        std::set<std::uint16_t> given_up;           // IDs whose answers may still come
        Instant last_answer;
        std::optional<Duration> idle_told;
        std::optional<Instant> deadline;
    };
    struct Target {
        std::vector<ConnectionId> connections;
        std::deque<QuestionId> waiting;
        unsigned strikes = 0;
        std::optional<Instant> alone_until;
    };

    [[nodiscard]] bool place(Instant now, QuestionId id);
    [[nodiscard]] std::optional<ConnectionId> find_shared(const Target& target,
                                                          const Question& question) const;
    [[nodiscard]] bool fits(ConnectionId id, const Question& question) const;
    [[nodiscard]] bool make_room(Target& target, const Question& question);
    ConnectionId open(Instant now, std::uint32_t target);
    void put(Instant now, QuestionId id, ConnectionId on);
    void place_waiting(Instant now, std::uint32_t target);
    void take_off(Instant now, QuestionId id, Question& question, Left left);
    void settle(Instant now, ConnectionId id);
    void ask_again(Instant now, const std::vector<QuestionId>& questions, const Error& why);
    void fail(QuestionId id, const Error& why);
    std::vector<QuestionId> remove(ConnectionId id);
    void drop(Instant now, ConnectionId id, const Error& why);
    void note_end(Instant now, const Connection& connection);
    static void strike(Instant now, Target& target);
    void watch(Instant now, ConnectionId id);
    void fall_silent(Instant now, ConnectionId id);
    void set_deadline(ConnectionId id, Connection& connection, std::optional<Instant> deadline);
    [[nodiscard]] bool connection_holds(ConnectionId id, const Connection& connection) const;
    [[nodiscard]] static bool is_asked(const Question& question, ByteView message);

    std::uint32_t per_target_;
    std::vector<Target> targets_;
    std::unordered_map<QuestionId, Question> questions_;
    std::unordered_map<ConnectionId, Connection> connections_;
    std::set<std::pair<Instant, ConnectionId>> deadlines_;
    std::deque<Action> actions_;
    std::uint64_t last_connection_ = 0;
};

}  // namespace twinzone::transfer
