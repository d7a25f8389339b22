// Questions over UDP. Several share a port: a socket for each would cost more than the question.
// Ports are chosen by the kernel at random and soon left for fresh ones, so that who wants to forge
// an answer has to guess a port and, for each question, its ID (RFC 5452 §4.5, §9.2).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "common/net/loop.h"
#include "common/net/udp_socket.h"
#include "common/service/follower_event.h"

namespace twinzone::service {

// Loop thread only. Answers are matched by sender, port and ID; the question in them is the
// owner's to check. May be destroyed within its events.
class DatagramAsker {
  public:
    struct Events {
        std::function<void(AttemptId, std::span<std::uint8_t>)> on_message;
        std::function<void(AttemptId, Error)> on_failure;  // never from within ask()
    };

    DatagramAsker(net::Loop& loop, Events events);
    ~DatagramAsker();
    DatagramAsker(const DatagramAsker&) = delete;
    DatagramAsker& operator=(const DatagramAsker&) = delete;

    // Errors: no socket, or the kernel does not take the datagram.
    [[nodiscard]] Result<void> ask(const Ask& question);
    void abandon(AttemptId attempt);

    // Sockets that are open. For tests.
    [[nodiscard]] std::size_t ports() const noexcept { return ports_.size(); }

  private:
    struct Port;
    using PortPtr = std::shared_ptr<Port>;

    Result<PortPtr> port_for(const Ask& question);
    void handle_receive(Port& port, std::span<std::uint8_t> bytes);
    void handle_error(Port& port, const Error& error);
    void leave(Port& port);

    net::Loop& loop_;
    Events events_;
    using Way = std::pair<Endpoint, std::optional<IpAddress>>;  // to whom, and from where
    std::map<Way, PortPtr> current_;                            // for the next questions
    std::unordered_map<Port*, PortPtr> ports_;
    std::unordered_map<AttemptId, Port*> attempts_;
};

}  // namespace twinzone::service
