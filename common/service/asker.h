// Sends a Follower's questions over real sockets and hands back what comes in. Questions to one
// server share few ports and connections (datagram_asker.h, stream_asker.h).
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "common/base/error.h"
#include "common/net/loop.h"
#include "common/service/datagram_asker.h"
#include "common/service/follower_event.h"
#include "common/service/stream_asker.h"
#include "common/service/tls_contexts.h"

namespace twinzone::service {

// Connections at a time to one server where the configuration says nothing: of `per-remote`.
inline constexpr std::uint32_t kConnectionsPerServer = 8;

// Of them, for the comparison of whole contents; the others are there to follow the server.
inline constexpr std::uint32_t kConnectionsToCompare = 2;

// Loop thread only. Times are the asking core's: of the waits here only that for a connection ends
// by itself. May be destroyed within its events.
class Asker {
  public:
    struct Events {
        // All connections to the server are taken; the question is sent when one is free. May be
        // empty.
        std::function<void(AttemptId)> on_waiting{};
        // The TCP connection stands. May be empty.
        std::function<void(AttemptId)> on_connected;
        // One whole message; edited in place by who checks its TSIG.
        std::function<void(AttemptId, std::span<std::uint8_t>)> on_message;
        // Nothing more will come: not connected, cut, or closed by the peer.
        std::function<void(AttemptId, Error)> on_failure;
    };

    Asker(net::Loop& loop, Events events, std::uint32_t per_server = kConnectionsPerServer);
    ~Asker();
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;

    // With whom the next questions over TLS are asked; without, they fail. Connections that stand
    // end with their questions.
    void use_tls(std::shared_ptr<const TlsContexts> tls);

    // Connections at a time to one server, from now on.
    void set_per_server(std::uint32_t per_server) noexcept { streams_.set_per_server(per_server); }

    void ask(const Ask& question);

    // Either, by what it is.
    void run(FollowerAction action);

    // No event of this attempt comes after it. Unknown and ended attempts are passed over. `whole`:
    // as Abandon.
    void abandon(AttemptId attempt, bool whole = false);

  private:
    Result<void> start(const Ask& question);
    void fail_later(AttemptId attempt, const Error& error);

    net::Loop& loop_;
    std::shared_ptr<const TlsContexts> tls_;
    std::function<void(AttemptId, Error)> on_failure_;
    DatagramAsker datagrams_;
    StreamAsker streams_;
    // Attempts that failed before they began, until that is told.
    std::shared_ptr<std::map<AttemptId, Error>> stillborn_;
};

}  // namespace twinzone::service
