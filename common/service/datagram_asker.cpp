#include "common/service/datagram_asker.h"

#include <utility>
#include <vector>

#include "common/dns/header.h"

namespace twinzone::service {

namespace {

// Questions sent from one port, and how long new ones are: what a forger can learn of a port is
// soon worth nothing.
constexpr std::size_t kQuestionsPerPort = 128;
constexpr Duration kPortTime = seconds{2};

// Datagrams that answer nothing, after which somebody is taken to be guessing.
constexpr unsigned kMaxStrangers = 8;

}  // namespace

struct DatagramAsker::Port {
    std::unique_ptr<net::UdpSocket> socket;
    Way way;
    Instant opened;
    std::size_t asked = 0;  // questions sent from here
    unsigned strangers = 0;
    std::map<std::uint16_t, AttemptId> open;  // by message ID
};

DatagramAsker::DatagramAsker(net::Loop& loop, Events events)
    : loop_(loop), events_(std::move(events)) {}

DatagramAsker::~DatagramAsker() = default;

Result<void> DatagramAsker::ask(const Ask& question) {
    Result<PortPtr> port = port_for(question);
    if (!port) {
        return fail(std::move(port).error());
    }
    Port& from = **port;
    if (Result<void> sent = from.socket->send(question.message); !sent) {
        leave(from);
        return sent;
    }
    ++from.asked;
    from.open.emplace(load_u16(question.message.data()), question.attempt);
    attempts_.emplace(question.attempt, &from);
    return {};
}

Result<DatagramAsker::PortPtr> DatagramAsker::port_for(const Ask& question) {
    const Instant now = loop_.now().instant;
    if (const auto known = current_.find({question.to, question.source}); known != current_.end()) {
        const PortPtr port = known->second;
        if (port->asked < kQuestionsPerPort && now - port->opened < kPortTime &&
            port->strangers < kMaxStrangers &&
            !port->open.contains(load_u16(question.message.data()))) {
            return port;
        }
        current_.erase(known);
        leave(*port);
    }
    const auto port = std::make_shared<Port>();
    Result<std::unique_ptr<net::UdpSocket>> socket = net::UdpSocket::connect(
        loop_, question.to, question.source,
        {.on_receive = [this, raw = port.get()](std::span<std::uint8_t> bytes,
                                                const Endpoint&) { handle_receive(*raw, bytes); },
         .on_error = [this, raw = port.get()](const Error& error) { handle_error(*raw, error); }});
    if (!socket) {
        return fail(std::move(socket).error());
    }
    port->socket = std::move(*socket);
    port->way = {question.to, question.source};
    port->opened = now;
    current_.emplace(port->way, port);
    ports_.emplace(port.get(), port);
    return port;
}

// The port is closed when nothing is asked from it any more and nothing will be.
void DatagramAsker::leave(Port& port) {
    const auto current = current_.find(port.way);
    const bool is_current = current != current_.end() && current->second.get() == &port;
    const bool is_used_up = port.asked >= kQuestionsPerPort ||
                            loop_.now().instant - port.opened >= kPortTime ||
                            port.strangers >= kMaxStrangers;
    if (!port.open.empty() || (is_current && !is_used_up)) {
        return;
    }
    if (is_current) {
        current_.erase(current);
    }
    ports_.erase(&port);
}

void DatagramAsker::abandon(AttemptId attempt) {
    const auto at = attempts_.find(attempt);
    if (at == attempts_.end()) {
        return;
    }
    Port& port = *at->second;
    attempts_.erase(at);
    std::erase_if(port.open, [attempt](const auto& open) { return open.second == attempt; });
    leave(port);
}

void DatagramAsker::handle_receive(Port& port, std::span<std::uint8_t> bytes) {
    const auto found =
        bytes.size() < dns::kHeaderBytes ? port.open.end() : port.open.find(load_u16(bytes.data()));
    if (found == port.open.end()) {
        ++port.strangers;
        return;
    }
    events_.on_message(found->second, bytes);
}

// Nobody listens there, as the network says: the questions of this port are lost.
void DatagramAsker::handle_error(Port& port, const Error& error) {
    std::vector<AttemptId> lost;
    for (const auto& [id, attempt] : std::exchange(port.open, {})) {
        attempts_.erase(attempt);
        lost.push_back(attempt);
    }
    port.strangers = kMaxStrangers;
    leave(port);
    for (const AttemptId attempt : lost) {
        events_.on_failure(attempt, error);
    }
}

}  // namespace twinzone::service
