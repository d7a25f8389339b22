// Sends a Follower's questions over real sockets and hands back what comes in: a fresh port for
// each UDP question, a connection for each one over TCP or TLS.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <unordered_map>

#include "common/base/error.h"
#include "common/net/loop.h"
#include "common/service/follower_event.h"
#include "common/service/tls_contexts.h"

namespace twinzone::service {

// Loop thread only. Times are the asking core's: nothing here gives up by itself.
class Asker {
  public:
    struct Events {
        // The TCP connection stands. May be empty.
        std::function<void(AttemptId)> on_connected;
        // One whole message; edited in place by who checks its TSIG.
        std::function<void(AttemptId, std::span<std::uint8_t>)> on_message;
        // Nothing more will come: not connected, cut, or closed by the peer.
        std::function<void(AttemptId, Error)> on_failure;
    };

    Asker(net::Loop& loop, Events events);
    ~Asker();
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;

    // With whom the next questions over TLS are asked; without, they fail.
    void use_tls(std::shared_ptr<const TlsContexts> tls) { tls_ = std::move(tls); }

    void ask(const Ask& question);

    // Either, by what it is.
    void run(FollowerAction action);

    // No event of this attempt comes after it. Unknown and ended attempts are passed over.
    void abandon(AttemptId attempt);

  private:
    class Exchange;
    class UdpExchange;
    class TcpExchange;

    void handle_connected(AttemptId attempt);
    void handle_message(AttemptId attempt, std::span<std::uint8_t> message);
    void handle_failure(AttemptId attempt, Error error);

    template <class Kind>
    Result<void> start(const Ask& question);

    net::Loop& loop_;
    std::shared_ptr<const TlsContexts> tls_;
    Events events_;
    std::unordered_map<AttemptId, std::shared_ptr<Exchange>> exchanges_;
};

}  // namespace twinzone::service
