#include "common/service/server.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/net/descriptor_limit.h"
#include "common/net/tls_stream.h"

namespace twinzone::service {

namespace {

// Connections the kernel keeps ready for us.
constexpr int kBacklog = 1024;

// For connections to primaries, UDP ports, files and the control socket.
constexpr std::size_t kKeptDescriptors = 256;

// For a client's TLS handshake and its first request.
constexpr Duration kHandshakeTime = seconds{10};

}  // namespace

Server::Server(net::Loop& loop, Publisher& publisher, const config::Limits& limits, Events events)
    : loop_(loop), publisher_(publisher), limits_(limits), events_(std::move(events)) {
    net::raise_descriptor_limit();
}

Server::~Server() = default;

std::size_t Server::max_clients() const noexcept {
    const std::size_t all = net::descriptor_limit();
    const std::size_t kept = std::min(kKeptDescriptors, all / 2);
    return std::min<std::size_t>(limits_.tcp_clients, all - kept);
}

Result<void> Server::listen(const Endpoint& at) {
    // TCP first: with port 0 it takes a free one, and UDP follows it there.
    Result<std::unique_ptr<net::TcpListener>> tcp = net::TcpListener::listen(
        loop_, at, kBacklog,
        {.on_accept =
             [this](std::unique_ptr<net::TcpStream> stream) { accept(std::move(stream), false); },
         .on_error = [this](Error error) { events_.on_error(std::move(error)); }});
    if (!tcp) {
        return fail(std::move(tcp).error());
    }
    // The socket's address in memory stays: its map keeps it.
    Sockets& sockets = sockets_[{at, false}];
    Result<std::unique_ptr<net::UdpSocket>> udp = net::UdpSocket::bind(
        loop_, {at.address, (*tcp)->local().port},
        {.on_receive = [this, &sockets](
                           std::span<std::uint8_t> bytes,
                           const Endpoint& from) { answer_datagram(*sockets.udp, bytes, from); },
         .on_error = {}});
    if (!udp) {
        close(at);
        return fail(std::move(udp).error());
    }
    sockets.tcp = std::move(*tcp);
    sockets.udp = std::move(*udp);
    return {};
}

Result<void> Server::listen_tls(const Endpoint& at) {
    Result<std::unique_ptr<net::TcpListener>> listener = net::TcpListener::listen(
        loop_, at, kBacklog,
        {.on_accept =
             [this](std::unique_ptr<net::TcpStream> stream) { accept(std::move(stream), true); },
         .on_error = [this](Error error) { events_.on_error(std::move(error)); }});
    if (!listener) {
        return fail(std::move(listener).error());
    }
    sockets_[{at, true}].tcp = std::move(*listener);
    return {};
}

void Server::answer_datagram(net::UdpSocket& socket, std::span<std::uint8_t> bytes,
                             const Endpoint& from) {
    Publisher::Answer answer =
        publisher_.answer(loop_.now(), {.peer = from, .transport = Transport::udp}, bytes);
    if (const Bytes* reply = std::get_if<Bytes>(&answer)) {
        // A datagram that the kernel does not take is lost, as on the network: the asker tries
        // again.
        static_cast<void>(socket.send_to(from, *reply).has_value());
    }
    events_.on_request();
}

// Closes the connection that has been idle for the longest, of this address or of any.
bool Server::close_idle(const std::optional<IpAddress>& of) {
    ClientSession* longest = nullptr;
    for (const auto& [id, session] : sessions_) {
        const bool is_meant = !of || session->peer().address == *of;
        if (is_meant && session->idle_since() &&
            (longest == nullptr || session->idle_since() < longest->idle_since())) {
            longest = session.get();
        }
    }
    if (longest == nullptr) {
        return false;
    }
    longest->close();
    return true;
}

// Connections beyond a limit are closed at once (RFC 7766 §6.2.2), unless an idle one can go in
// their place: who is inside is served.
void Server::accept(std::unique_ptr<net::TcpStream> stream, bool over_tls) {
    const Endpoint peer = stream->peer();
    const IpAddress address = peer.address;
    const auto known = by_address_.find(address);
    const bool too_many_of_it = known != by_address_.end() && known->second >= limits_.per_remote;
    const bool too_many = too_many_of_it || sessions_.size() >= max_clients();
    if (too_many && !close_idle(too_many_of_it ? std::optional{address} : std::nullopt)) {
        events_.on_turned_away(stream->peer(), too_many_of_it ? "per-remote" : "tcp-clients");
        return;
    }
    ++by_address_[address];
    const std::uint64_t id = ++last_session_;
    const SessionLimits limits{.idle = limits_.tcp_idle,
                               .first = over_tls
                                            ? std::min<Duration>(limits_.tcp_idle, kHandshakeTime)
                                            : Duration{limits_.tcp_idle},
                               .transfer_idle = limits_.transfer_idle,
                               .transfer_time = limits_.transfer_time};
    ClientSession::Events events;
    events.on_transfer_end = [this](const ClientSession::TransferEnd& end) {
        events_.on_transfer_end(end);
    };
    events.on_transfer_progress = [this](const ClientSession::TransferEnd& so_far) {
        events_.on_transfer_progress(so_far);
    };
    events.on_request = [this] { events_.on_request(); };
    events.on_failure = [this](const Error& error) { events_.on_failure(error); };
    events.on_end = [this, id, address] {
        if (--by_address_[address] == 0) {
            by_address_.erase(address);
        }
        sessions_.erase(id);
    };
    std::unique_ptr<net::Connection> connection;
    if (over_tls) {
        connection = net::TlsStream::accept(loop_, std::move(stream), tls_->server());
    } else {
        connection = std::move(stream);
    }
    sessions_.emplace(id, std::make_unique<ClientSession>(loop_, std::move(connection), peer,
                                                          publisher_, limits, std::move(events)));
}

}  // namespace twinzone::service
