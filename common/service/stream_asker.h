// Questions over TCP and TLS: a ConnectionPool bound to sockets, so that questions to one server
// share few connections.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <unordered_map>

#include "common/net/loop.h"
#include "common/net/timer.h"
#include "common/net/tls_context.h"
#include "common/service/follower_event.h"
#include "common/transfer/connection_pool.h"

namespace twinzone::service {

// Loop thread only. No event comes from within a call of the owner's. May be destroyed within its
// events.
class StreamAsker {
  public:
    struct Events {
        std::function<void(AttemptId)> on_waiting;    // as ConnectionPool::Waits
        std::function<void(AttemptId)> on_connected;  // as ConnectionPool::Connected
        std::function<void(AttemptId, std::span<std::uint8_t>)> on_message;
        std::function<void(AttemptId, Error)> on_failure;
    };

    // `per_server`: connections at a time to one address.
    StreamAsker(net::Loop& loop, std::uint32_t per_server, Events events);
    ~StreamAsker();
    StreamAsker(const StreamAsker&) = delete;
    StreamAsker& operator=(const StreamAsker&) = delete;

    void set_per_server(std::uint32_t per_server) noexcept;

    // `tls` may be null: in the clear.
    void ask(const Ask& question, std::shared_ptr<const net::TlsContext> tls);

    // Nothing happens to attempts that are not (or no longer) known.
    void abandon(AttemptId attempt, bool whole);

    // Connections made with other contexts than those in use end with their questions.
    void retire_tls();

  private:
    struct Link;
    struct Server {
        Endpoint endpoint;
        std::optional<IpAddress> source;  // from where; nullopt: from any address
        std::shared_ptr<const net::TlsContext> tls;
        [[nodiscard]] auto key() const noexcept { return std::tuple{endpoint, source, tls.get()}; }
    };

    std::uint32_t server_index(Server server);
    void act();
    void open(transfer::ConnectionId id, std::uint32_t server);
    void send(transfer::ConnectionId id, std::shared_ptr<const Bytes> framed);
    void handle_connected(transfer::ConnectionId id, const Result<void>& connected);
    void handle_read(transfer::ConnectionId id, std::span<std::uint8_t> bytes);
    void handle_message(transfer::ConnectionId id, std::span<std::uint8_t> message);
    void handle_closed(transfer::ConnectionId id, const Result<void>& end);
    void after_event();
    void after_call();
    void tell(const transfer::ConnectionPool::Action& notice);
    void arm();

    net::Loop& loop_;
    Events events_;
    transfer::ConnectionPool pool_;
    std::vector<Server> servers_;  // the pool's targets
    std::map<std::tuple<Endpoint, std::optional<IpAddress>, const net::TlsContext*>, std::uint32_t>
        server_index_;
    std::unordered_map<transfer::ConnectionId, std::shared_ptr<Link>> links_;
    std::deque<transfer::ConnectionPool::Action> notices_;  // for the owner
    bool telling_ = false;
    bool posted_ = false;
    net::Timer timer_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // false: destroyed
};

}  // namespace twinzone::service
