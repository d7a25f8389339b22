// Listens on the configured addresses, over UDP and TCP, and lets the Publisher answer. Limits of
// connections are kept here.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"
#include "common/net/loop.h"
#include "common/net/tcp_listener.h"
#include "common/net/udp_listener.h"
#include "common/service/client_session.h"
#include "common/service/publisher.h"
#include "common/service/tls_contexts.h"
#include "common/service/transfer_threads.h"

namespace twinzone::service {

// Loop thread only. Borrows loop and publisher for its life.
class Server : private TransferRoom {
  public:
    struct Events {
        std::function<void(const ClientSession::TransferEnd&)> on_transfer_end;
        std::function<void(const ClientSession::TransferEnd&)> on_transfer_progress;
        // A connection was closed at once because of this limit.
        std::function<void(const Endpoint& peer, std::string_view limit)> on_turned_away;
        // An address of `proxy-from` sent no right header, or another one sent one.
        std::function<void(const Endpoint& peer, const std::string& what)> on_proxy_fault;
        std::function<void()> on_request;  // after each: refusals and answers to NOTIFY may wait
        std::function<void(const Error&)> on_failure;  // a client's connection failed by itself
        std::function<void(Error)> on_error;
    };

    // `threads`: of outgoing transfers; nullopt: one a core.
    Server(net::Loop& loop, Publisher& publisher, const config::Limits& limits,
           std::optional<std::uint32_t> threads, Events events);
    ~Server() override;
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Errc::network with the address where one of both cannot be bound.
    [[nodiscard]] Result<void> listen(const Endpoint& at);

    // TCP alone, each connection over TLS. Requires: use_tls() was called with a server's context.
    [[nodiscard]] Result<void> listen_tls(const Endpoint& at);

    // Listens there no more; connections that stand go on.
    void close(const Endpoint& at) { sockets_.erase({at, false}); }
    void close_tls(const Endpoint& at) { sockets_.erase({at, true}); }

    // Who connects or asks from there speaks for others (PROXY protocol, version 2), from now on.
    void set_proxies(std::vector<IpPrefix> proxies) { proxies_ = std::move(proxies); }

    // For connections from now on.
    void set_limits(const config::Limits& limits) { limits_ = limits; }

    // What connections from now on show; those that stand keep what they began with.
    void use_tls(std::shared_ptr<const TlsContexts> tls) { tls_ = std::move(tls); }

    [[nodiscard]] std::size_t clients() const noexcept { return sessions_.size(); }

    // Clients at a time: tcp-clients, or less where the process may not open so many files. Some
    // descriptors are kept for what we ask, files and the control socket.
    [[nodiscard]] std::size_t max_clients() const noexcept;

  private:
    void answer_datagram(net::UdpListener& socket, std::span<std::uint8_t> bytes,
                         const net::UdpListener::Arrival& arrival);
    [[nodiscard]] std::optional<Endpoint> take_proxy_header(std::span<std::uint8_t>& bytes,
                                                            const Endpoint& from);
    void accept(std::unique_ptr<net::TcpStream> stream, bool over_tls);
    using Choice = std::function<bool(const ClientSession&)>;
    using Since = std::optional<Instant> (ClientSession::*)() const noexcept;
    [[nodiscard]] ClientSession* longest(Since since, const Choice& choice) const;
    // Each ends one connection of those chosen, if it can: the one that is idle for the longest, or
    // else stands still; the one that stands still.
    bool close_unused(const Choice& choice);
    bool close_stalled(const Choice& choice);
    [[nodiscard]] bool make_room() override;
    [[nodiscard]] std::unique_ptr<net::Connection> open_connection(
        std::unique_ptr<net::TcpStream> stream, bool over_tls, std::uint64_t id);
    [[nodiscard]] ClientSession::Events session_events(std::uint64_t id);
    bool handle_proxied(std::uint64_t id, const Endpoint& proxy,
                        const Result<std::optional<Endpoint>>& client);
    [[nodiscard]] bool is_proxy(const IpAddress& address) const noexcept;
    [[nodiscard]] bool has_too_many(const IpAddress& address) const noexcept;
    void count(std::uint64_t id, const IpAddress& address);
    void end(std::uint64_t id);

    net::Loop& loop_;
    Publisher& publisher_;
    config::Limits limits_;
    Events events_;
    std::shared_ptr<const TlsContexts> tls_;
    TransferThreads threads_;
    struct Sockets {
        std::unique_ptr<net::TcpListener> tcp;
        std::unique_ptr<net::UdpListener> udp;  // null with TLS
    };
    std::map<std::pair<Endpoint, bool>, Sockets> sockets_;  // by address as configured; TLS
    struct Inside {
        std::unique_ptr<ClientSession> session;
        std::optional<IpAddress> counted;  // in by_address_; nullopt: a proxy has not said for whom
    };
    std::vector<IpPrefix> proxies_;
    std::map<std::uint64_t, Inside> sessions_;
    std::map<IpAddress, std::uint32_t> by_address_;
    std::uint64_t last_session_ = 0;
};

}  // namespace twinzone::service
