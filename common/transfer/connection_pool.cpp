#include "common/transfer/connection_pool.h"

#include <algorithm>

#include "common/base/assert.h"
#include "common/dns/header.h"
#include "common/dns/rr_type.h"

namespace twinzone::transfer {

namespace {

constexpr std::size_t kLengthBytes = 2;
constexpr std::size_t kTypeAndClassBytes = 4;

std::shared_ptr<const Bytes> framed(ByteView message) {
    auto out = std::make_shared<Bytes>(kLengthBytes + message.size());
    store_u16(out->data(), static_cast<std::uint16_t>(message.size()));
    std::copy(message.begin(), message.end(), out->begin() + kLengthBytes);
    return out;
}

// Octets of the first question of a message of our own making.
std::size_t section_bytes(ByteView message) {
    std::size_t at = dns::kHeaderBytes;
    while (at < message.size() && message[at] != 0) {
        at += std::size_t{1} + message[at];
    }
    at += 1 + kTypeAndClassBytes;
    TWINZONE_ASSERT(at <= message.size());
    return at - dns::kHeaderBytes;
}

bool is_transfer_type(ByteView message, std::size_t section) {
    const auto type = static_cast<dns::RrType>(
        load_u16(message.data() + dns::kHeaderBytes + section - kTypeAndClassBytes));
    return type == dns::RrType::axfr || type == dns::RrType::ixfr;
}

}  // namespace

void ConnectionPool::ask(Instant now, QuestionId id, std::uint32_t target, ByteView message) {
    if (target >= targets_.size()) {
        targets_.resize(std::size_t{target} + 1);
    }
    const std::size_t section = section_bytes(message);
    const auto [at, is_new] =
        questions_.try_emplace(id, Question{.target = target,
                                            .framed = framed(message),
                                            .message_id = load_u16(message.data()),
                                            .section_bytes = section,
                                            .is_transfer = is_transfer_type(message, section)});
    TWINZONE_ASSERT(is_new);
    Target& at_target = targets_[target];
    if (at_target.alone_until && *at_target.alone_until <= now) {
        at_target.alone_until.reset();
        at_target.strikes = 0;
    }
    at->second.alone = at_target.alone_until.has_value();
    // Who waits already goes first, unless it waits for what this one does not need.
    if (!place(now, id)) {
        at_target.waiting.push_back(id);
        actions_.emplace_back(Waits{id});
    }
}

// False where it has to wait.
bool ConnectionPool::place(Instant now, QuestionId id) {
    Question& question = questions_.at(id);
    Target& target = targets_[question.target];
    const bool exclusive = question.alone;
    const std::optional<ConnectionId> shared =
        exclusive ? std::nullopt : find_shared(target, question);
    if (shared) {
        put(now, id, *shared);
        return true;
    }
    if (!make_room(target, question)) {
        return false;
    }
    const ConnectionId fresh = open(now, question.target);
    connections_.at(fresh).alone = exclusive;
    put(now, id, fresh);
    return true;
}

// The connection that the question may join. While a target may have more connections, singles
// share only an idle one: answers do not wait for each other then, and it is not known yet how the
// server takes several.
std::optional<ConnectionId> ConnectionPool::find_shared(const Target& target,
                                                        const Question& question) const {
    std::optional<ConnectionId> best;
    std::size_t least = kMaxPipelined;
    for (const ConnectionId candidate : target.connections) {
        const std::size_t asked = connections_.at(candidate).asked.size();
        if (asked < least && fits(candidate, question)) {
            least = asked;
            best = candidate;
        }
    }
    const bool may_open = target.connections.size() < per_target_;
    const bool is_known = best && (least == 0 || connections_.at(*best).answers > 1);
    return may_open && !is_known ? std::nullopt : best;
}

bool ConnectionPool::fits(ConnectionId id, const Question& question) const {
    const Connection& connection = connections_.at(id);
    if (connection.alone || connection.leaving || connection.asked.contains(question.message_id) ||
        connection.given_up.contains(question.message_id)) {
        return false;
    }
    if (per_target_ == 1) {  // all have to share it
        return !question.is_transfer || connection.transfers == 0;
    }
    return question.is_transfer ? connection.asked.empty() : connection.transfers == 0;
}

// Whether one more connection may be opened now; an idle one of no use to the question is closed
// for it.
bool ConnectionPool::make_room(Target& target, const Question& question) {
    if (question.is_transfer && per_target_ > 1) {
        const auto transferring =
            std::count_if(target.connections.begin(), target.connections.end(),
                          [this](ConnectionId id) { return connections_.at(id).transfers > 0; });
        if (static_cast<std::uint32_t>(transferring) + 1 >= per_target_) {
            return false;
        }
    }
    if (target.connections.size() < per_target_) {
        return true;
    }
    const auto idle =
        std::find_if(target.connections.begin(), target.connections.end(),
                     [this](ConnectionId id) { return connections_.at(id).asked.empty(); });
    if (idle == target.connections.end()) {
        return false;
    }
    const ConnectionId closed = *idle;
    static_cast<void>(remove(closed));
    return true;
}

ConnectionId ConnectionPool::open(Instant now, std::uint32_t target) {
    const ConnectionId id{++last_connection_};
    Connection& connection = connections_[id];
    connection.target = target;
    targets_[target].connections.push_back(id);
    set_deadline(id, connection, now + kConnectionTime);
    actions_.emplace_back(Open{id, target});
    return id;
}

void ConnectionPool::put(Instant now, QuestionId id, ConnectionId on) {
    Question& question = questions_.at(id);
    Connection& connection = connections_.at(on);
    question.connection = on;
    connection.asked.emplace(question.message_id, id);
    connection.transfers += question.is_transfer ? 1U : 0U;
    actions_.emplace_back(Send{on, question.framed});
    watch(now, on);
    if (connection.open) {
        actions_.emplace_back(Connected{id});
    }
}

// Until when something has to come on a connection with questions. A question that has a fresh one
// to itself is its owner's to time, and so is a transfer that has begun.
void ConnectionPool::watch(Instant now, ConnectionId id) {
    Connection& connection = connections_.at(id);
    if (!connection.open) {
        return;
    }
    bool is_shared = connection.answers > 0 || connection.asked.size() > 1;
    for (const auto& [message_id, question] : connection.asked) {
        const Question& asked = questions_.at(question);
        is_shared = is_shared && !(asked.is_transfer && asked.answered);
    }
    const seconds patience = connection.transfers > 0 ? kTransferSilence : kSilence;
    set_deadline(id, connection, is_shared ? std::optional{now + patience} : std::nullopt);
}

void ConnectionPool::place_waiting(Instant now, std::uint32_t target) {
    std::deque<QuestionId>& waiting = targets_[target].waiting;
    // Bounded: once something does not fit, more of its kind will not either.
    bool transfer_stuck = false;
    bool single_stuck = false;
    for (std::size_t i = 0; i < waiting.size() && !(transfer_stuck && single_stuck);) {
        const QuestionId id = waiting[i];
        const bool is_transfer = questions_.at(id).is_transfer;
        bool& stuck = is_transfer ? transfer_stuck : single_stuck;
        if (!stuck && place(now, id)) {
            waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
            continue;
        }
        stuck = true;
        ++i;
    }
}

void ConnectionPool::abandon(Instant now, QuestionId id, Left left) {
    auto node = questions_.extract(id);
    if (node.empty()) {
        return;
    }
    Question& question = node.mapped();
    if (!question.connection) {
        std::erase(targets_[question.target].waiting, id);
        return;
    }
    take_off(now, id, question, left);
}

// The question leaves its connection, which goes on with others, or not.
void ConnectionPool::take_off(Instant now, QuestionId id, Question& question, Left left) {
    const ConnectionId on = *question.connection;
    const auto at = connections_.find(on);
    if (at == connections_.end()) {
        return;
    }
    Connection& connection = at->second;
    const auto asked = connection.asked.find(question.message_id);
    if (asked == connection.asked.end() || asked->second != id) {
        return;  // a single question: its answer is here
    }
    connection.asked.erase(asked);
    if (question.is_transfer) {
        --connection.transfers;
    }
    if (left == Left::whole) {
        ++connection.answers;
        connection.last_answer = now;
    } else if (question.is_transfer && connection.open) {
        if (!question.answered && connection.answers > 0) {
            strike(now, targets_[connection.target]);
        }
        // The rest of it is on its way.
        drop(now, on, Error{Errc::cancelled, "given up for another question's sake"});
        return;
    } else {
        connection.given_up.insert(question.message_id);
        connection.leaving = true;
    }
    settle(now, on);
}

// After a question has left: the next one, or idleness, or the end.
void ConnectionPool::settle(Instant now, ConnectionId id) {
    Connection& connection = connections_.at(id);
    const std::uint32_t target = connection.target;
    if (connection.asked.empty()) {
        const Duration idle =
            std::min<Duration>(connection.idle_told.value_or(kIdleTime), kLongestIdleTime);
        if (connection.leaving || connection.alone || idle <= Duration{0}) {
            static_cast<void>(remove(id));
        } else if (connection.open) {
            set_deadline(id, connection, now + idle);
        }
    } else {
        watch(now, id);
    }
    place_waiting(now, target);
}

}  // namespace twinzone::transfer
