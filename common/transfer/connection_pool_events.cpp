// What becomes of the pool's connections: made, answered on, ended.

#include <algorithm>

#include "common/dns/header.h"
#include "common/transfer/connection_pool.h"

namespace twinzone::transfer {

namespace {

constexpr std::size_t kLengthBytes = 2;
constexpr std::uint8_t kCaseBit = 0x20;

std::uint8_t lower(std::uint8_t octet) noexcept {
    return octet >= 'A' && octet <= 'Z' ? static_cast<std::uint8_t>(octet | kCaseBit) : octet;
}

}  // namespace

void ConnectionPool::handle_connected(Instant now, ConnectionId id) {
    const auto at = connections_.find(id);
    if (at == connections_.end()) {
        return;
    }
    Connection& connection = at->second;
    connection.open = true;
    set_deadline(id, connection, now + kIdleTime);
    if (!connection.asked.empty()) {
        watch(now, id);
    }
    for (const auto& [message_id, question] : connection.asked) {
        actions_.emplace_back(Connected{question});
    }
}

void ConnectionPool::handle_end(Instant now, ConnectionId id, const Error& why) {
    const auto at = connections_.find(id);
    if (at == connections_.end()) {
        return;
    }
    note_end(now, at->second);
    const bool was_shared = at->second.answers > 0 || at->second.asked.size() > 1;
    const std::uint32_t target = at->second.target;
    const bool may_ask_again = at->second.open && was_shared;
    const std::vector<QuestionId> left = remove(id);
    if (may_ask_again) {
        ask_again(now, left, why);
    } else {
        for (const QuestionId question : left) {
            fail(question, why);
        }
    }
    place_waiting(now, target);
}

// What the end of a connection says about its server.
void ConnectionPool::note_end(Instant now, const Connection& connection) {
    Target& target = targets_[connection.target];
    if (connection.answers > 1) {
        target.strikes = 0;
        return;
    }
    const bool at_once =
        !connection.asked.empty() || now - connection.last_answer < kEndsAfterAnswer;
    if (connection.answers == 1 && at_once && !connection.alone) {
        strike(now, target);
    }
}

void ConnectionPool::strike(Instant now, Target& target) {
    if (++target.strikes >= kStrikes) {
        target.alone_until = now + kAloneTime;
    }
}

void ConnectionPool::fall_silent(Instant now, ConnectionId id) {
    strike(now, targets_[connections_.at(id).target]);
    drop(now, id,
         Error{Errc::peer_unreachable, "no answer on a connection with several questions"});
}

// Questions of which no answer began are asked once more, each alone; the others fail.
void ConnectionPool::ask_again(Instant now, const std::vector<QuestionId>& questions,
                               const Error& why) {
    for (const QuestionId id : questions) {
        Question& question = questions_.at(id);
        if (question.answered || question.alone) {
            fail(id, why);
            continue;
        }
        question.alone = true;
        question.connection.reset();
        if (!place(now, id)) {
            targets_[question.target].waiting.push_back(id);
            actions_.emplace_back(Waits{id});
        }
    }
}

void ConnectionPool::fail(QuestionId id, const Error& why) {
    questions_.erase(id);
    actions_.emplace_back(Failed{id, why});
}

// Forgets the connection and says which questions stood on it.
std::vector<QuestionId> ConnectionPool::remove(ConnectionId id) {
    Connection& connection = connections_.at(id);
    std::vector<QuestionId> left;
    left.reserve(connection.asked.size());
    for (const auto& [message_id, question] : connection.asked) {
        left.push_back(question);
    }
    set_deadline(id, connection, std::nullopt);
    std::erase(targets_[connection.target].connections, id);
    connections_.erase(id);
    actions_.emplace_back(Close{id});
    return left;
}

// Ends a connection on which nothing can be trusted any more.
void ConnectionPool::drop(Instant now, ConnectionId id, const Error& why) {
    const std::uint32_t target = connections_.at(id).target;
    ask_again(now, remove(id), why);
    place_waiting(now, target);
}

std::optional<QuestionId> ConnectionPool::handle_message(Instant now, ConnectionId id,
                                                         ByteView message,
                                                         std::optional<Duration> idle) {
    const auto at = connections_.find(id);
    if (at == connections_.end()) {
        return std::nullopt;
    }
    Connection& connection = at->second;
    if (idle) {
        connection.idle_told = idle;
    }
    const std::uint16_t message_id = message.size() < 2 ? 0 : load_u16(message.data());
    auto asked = connection.asked.find(message_id);
    const bool is_ours =
        asked != connection.asked.end() && is_asked(questions_.at(asked->second), message);
    if (!is_ours) {
        if (asked == connection.asked.end() && connection.given_up.erase(message_id) > 0) {
            return std::nullopt;  // late
        }
        if (connection.asked.size() != 1 || connection.answers > 0) {
            targets_[connection.target].alone_until = now + kAloneTime;
            drop(now, id,
                 Error{Errc::message_unexpected, "an answer to a question that was not asked"});
            return std::nullopt;
        }
        asked = connection.asked.begin();  // its owner says what is wrong with it
    }
    const QuestionId found = asked->second;
    Question& question = questions_.at(found);
    question.answered = true;
    connection.last_answer = now;
    if (!question.is_transfer && is_ours) {
        connection.asked.erase(asked);
        ++connection.answers;
        settle(now, id);
    } else {
        watch(now, id);
    }
    return found;
}

// An answer repeats the question; later messages of a transfer may leave it out (RFC 5936 §2.2.2),
// and so do some servers with their refusals.
bool ConnectionPool::is_asked(const Question& question, ByteView message) {
    if (message.size() < dns::kHeaderBytes) {
        return false;
    }
    if (dns::read_header(message.data()).qdcount == 0) {
        return true;
    }
    if (message.size() < dns::kHeaderBytes + question.section_bytes) {
        return false;
    }
    const std::uint8_t* ours = question.framed->data() + kLengthBytes + dns::kHeaderBytes;
    const std::uint8_t* theirs = message.data() + dns::kHeaderBytes;
    return std::equal(ours, ours + question.section_bytes, theirs,
                      [](std::uint8_t a, std::uint8_t b) { return lower(a) == lower(b); });
}

void ConnectionPool::retire(std::uint32_t target) {
    if (target >= targets_.size()) {
        return;
    }
    const std::vector<ConnectionId> all = targets_[target].connections;
    for (const ConnectionId id : all) {
        connections_.at(id).leaving = true;
        if (connections_.at(id).asked.empty()) {
            static_cast<void>(remove(id));
        }
    }
}

void ConnectionPool::handle_timeout(Instant now) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const ConnectionId id = deadlines_.begin()->second;
        const Connection& connection = connections_.at(id);
        if (!connection.open) {
            handle_end(now, id, Error{Errc::peer_unreachable, "connection not made in time"});
        } else if (connection.asked.empty()) {
            static_cast<void>(remove(id));  // idle for long enough
        } else {
            fall_silent(now, id);
        }
    }
}

std::optional<Instant> ConnectionPool::next_timeout() const {
    return deadlines_.empty() ? std::nullopt : std::optional{deadlines_.begin()->first};
}

std::optional<ConnectionPool::Action> ConnectionPool::poll_action() {
    if (actions_.empty()) {
        return std::nullopt;
    }
    std::optional<Action> action{std::move(actions_.front())};
    actions_.pop_front();
    return action;
}

void ConnectionPool::set_deadline(ConnectionId id, Connection& connection,
                                  std::optional<Instant> deadline) {
    if (connection.deadline) {
        deadlines_.erase({*connection.deadline, id});
    }
    connection.deadline = deadline;
    if (deadline) {
        deadlines_.emplace(*deadline, id);
    }
}

std::size_t ConnectionPool::connections(std::uint32_t target) const {
    return target < targets_.size() ? targets_[target].connections.size() : 0;
}

bool ConnectionPool::connection_holds(ConnectionId id, const Connection& connection) const {
    std::uint32_t transfers = 0;
    for (const auto& [message_id, question] : connection.asked) {
        const auto at = questions_.find(question);
        if (at == questions_.end() || at->second.connection != id) {
            return false;
        }
        transfers += at->second.is_transfer ? 1U : 0U;
    }
    const bool is_watched = connection.deadline.has_value();
    const bool needs_watch = !connection.open || connection.asked.empty();
    return transfers == connection.transfers && (!needs_watch || is_watched) &&
           (!connection.alone || connection.asked.size() <= 1);
}

bool ConnectionPool::invariants_hold() const {
    std::size_t placed = 0;
    for (const auto& [id, connection] : connections_) {
        if (!connection_holds(id, connection)) {
            return false;
        }
        placed += connection.asked.size();
    }
    std::size_t waiting = 0;
    std::size_t stand = 0;
    for (const Target& target : targets_) {
        waiting += target.waiting.size();
        stand += target.connections.size();
        if (target.connections.size() > per_target_) {
            return false;
        }
    }
    std::size_t answered = 0;  // single questions whose owner has not let go yet
    for (const auto& [id, question] : questions_) {
        const auto on =
            question.connection ? connections_.find(*question.connection) : connections_.end();
        const bool stands = on != connections_.end() &&
                            on->second.asked.contains(question.message_id) &&
                            on->second.asked.at(question.message_id) == id;
        answered += question.connection && !stands ? 1U : 0U;
    }
    return stand == connections_.size() && placed + waiting + answered == questions_.size();
}

}  // namespace twinzone::transfer
