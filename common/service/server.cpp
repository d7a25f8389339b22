#include "common/service/server.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/net/descriptor_limit.h"
#include "common/net/proxied_stream.h"
#include "common/net/proxy_header.h"
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

Server::Server(net::Loop& loop, Publisher& publisher, const config::Limits& limits,
               std::optional<std::uint32_t> threads, Events events)
    : loop_(loop),
      publisher_(publisher),
      limits_(limits),
      events_(std::move(events)),
      threads_(loop, threads.value_or(std::thread::hardware_concurrency())) {
    net::raise_descriptor_limit();
    publisher_.use_room(this);
}

Server::~Server() {
    publisher_.use_room(nullptr);
}

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
    Result<std::unique_ptr<net::UdpListener>> udp = net::UdpListener::bind(
        loop_, {at.address, (*tcp)->local().port},
        [this, &sockets](std::span<std::uint8_t> bytes, const net::UdpListener::Arrival& arrival) {
            answer_datagram(*sockets.udp, bytes, arrival);
        });
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

void Server::answer_datagram(net::UdpListener& socket, std::span<std::uint8_t> bytes,
                             const net::UdpListener::Arrival& arrival) {
    const std::optional<Endpoint> client = take_proxy_header(bytes, arrival.from);
    if (!client) {
        return;
    }
    Publisher::Answer answer =
        publisher_.answer(loop_.now(), {.peer = *client, .transport = Transport::udp}, bytes);
    if (const Bytes* reply = std::get_if<Bytes>(&answer)) {
        // A datagram that the kernel does not take is lost, as on the network: the asker tries
        // again.
        static_cast<void>(socket.reply(arrival, *reply).has_value());
    }
    events_.on_request();
}

ClientSession* Server::longest(Since since, const Choice& choice) const {
    ClientSession* longest = nullptr;
    for (const auto& [id, inside] : sessions_) {
        ClientSession* const session = inside.session.get();
        const bool is_meant = session != nullptr && choice(*session);
        const std::optional<Instant> at = is_meant ? (session->*since)() : std::nullopt;
        if (at && (longest == nullptr || *at < *(longest->*since)())) {
            longest = session;
        }
    }
    return longest;
}

bool Server::close_unused(const Choice& choice) {
    ClientSession* session = longest(&ClientSession::idle_since, choice);
    if (session == nullptr) {
        return close_stalled(choice);
    }
    session->close({});
    return true;
}

bool Server::close_stalled(const Choice& choice) {
    ClientSession* session = longest(&ClientSession::stalled_since, choice);
    if (session == nullptr) {
        return false;
    }
    session->close("the client takes nothing, and others want its place");
    return true;
}

bool Server::make_room() {
    return close_stalled([](const ClientSession& each) { return each.is_transferring(); });
}

bool Server::is_proxy(const IpAddress& address) const noexcept {
    return std::any_of(proxies_.begin(), proxies_.end(),
                       [&](const IpPrefix& proxies) { return proxies.contains(address); });
}

// Who asks by this datagram; nullopt: it is dropped.
std::optional<Endpoint> Server::take_proxy_header(std::span<std::uint8_t>& bytes,
                                                  const Endpoint& from) {
    if (!is_proxy(from.address)) {
        if (net::begins_with_proxy_header(bytes)) {
            events_.on_proxy_fault(from, "PROXY header: not from an address of proxy-from");
            return std::nullopt;
        }
        return from;
    }
    const Result<std::optional<net::ProxyHeader>> header = net::ProxyHeader::read(bytes);
    if (!header || !*header) {
        events_.on_proxy_fault(from, header ? "PROXY header: cut short" : header.error().detail());
        return std::nullopt;
    }
    bytes = bytes.subspan((*header)->bytes);
    return (*header)->client.value_or(from);
}

bool Server::has_too_many(const IpAddress& address) const noexcept {
    const auto known = by_address_.find(address);
    return known != by_address_.end() && known->second >= limits_.per_remote;
}

void Server::count(std::uint64_t id, const IpAddress& address) {
    ++by_address_[address];
    sessions_.at(id).counted = address;
}

void Server::end(std::uint64_t id) {
    const auto ended = sessions_.extract(id);
    const std::optional<IpAddress> counted = ended.mapped().counted;
    if (counted && --by_address_[*counted] == 0) {
        by_address_.erase(*counted);
    }
}

// Connections beyond a limit are closed at once (RFC 7766 §6.2.2), unless one that is idle or
// stands still can go in their place: who is inside and takes what it asked for is served. Behind a
// proxy it is the client's address that counts.
void Server::accept(std::unique_ptr<net::TcpStream> stream, bool over_tls) {
    const Endpoint peer = stream->peer();
    const bool proxied = is_proxy(peer.address);
    const bool too_many_of_it = !proxied && has_too_many(peer.address);
    const bool too_many = too_many_of_it || sessions_.size() >= max_clients();
    if (too_many && !close_unused([&](const ClientSession& each) {
            return !too_many_of_it || each.peer().address == peer.address;
        })) {
        events_.on_turned_away(peer, too_many_of_it ? "per-remote" : "tcp-clients");
        return;
    }
    const std::uint64_t id = ++last_session_;
    const SessionLimits limits{.idle = limits_.tcp_idle,
                               .first = over_tls || proxied
                                            ? std::min<Duration>(limits_.tcp_idle, kHandshakeTime)
                                            : Duration{limits_.tcp_idle},
                               .transfer_idle = limits_.transfer_idle,
                               .transfer_time = limits_.transfer_time};
    std::unique_ptr<net::Connection> connection = open_connection(std::move(stream), over_tls, id);
    // The place is there before the session: its callbacks look for it.
    Inside& inside = sessions_[id];
    if (!proxied) {
        count(id, peer.address);
    }
    inside.session =
        std::make_unique<ClientSession>(ClientSession::Parts{loop_, threads_, publisher_},
                                        std::move(connection), peer, limits, session_events(id));
}

std::unique_ptr<net::Connection> Server::open_connection(std::unique_ptr<net::TcpStream> stream,
                                                         bool over_tls, std::uint64_t id) {
    const Endpoint peer = stream->peer();
    std::unique_ptr<net::Connection> connection = std::move(stream);
    if (is_proxy(peer.address)) {
        connection = std::make_unique<net::ProxiedStream>(
            std::move(connection), [this, id, peer](const Result<std::optional<Endpoint>>& client) {
                return handle_proxied(id, peer, client);
            });
    }
    if (over_tls) {
        connection = net::TlsStream::accept(loop_, std::move(connection), tls_->server());
    }
    return connection;
}

// False where the connection is not to go on.
bool Server::handle_proxied(std::uint64_t id, const Endpoint& proxy,
                            const Result<std::optional<Endpoint>>& client) {
    if (!client) {
        events_.on_proxy_fault(proxy, client.error().detail());
        return false;
    }
    const Endpoint peer = client->value_or(proxy);
    const ClientSession* const itself = sessions_.at(id).session.get();
    if (*client && has_too_many(peer.address) && !close_unused([&](const ClientSession& each) {
            return &each != itself && each.peer().address == peer.address;
        })) {
        events_.on_turned_away(peer, "per-remote");
        return false;
    }
    if (*client) {
        count(id, peer.address);
        sessions_.at(id).session->set_peer(peer);
    }
    return true;
}

ClientSession::Events Server::session_events(std::uint64_t id) {
    ClientSession::Events events;
    events.on_transfer_end = [this](const ClientSession::TransferEnd& end) {
        events_.on_transfer_end(end);
    };
    events.on_transfer_progress = [this](const ClientSession::TransferEnd& so_far) {
        events_.on_transfer_progress(so_far);
    };
    events.on_request = [this] { events_.on_request(); };
    events.on_proxy_fault = [this](const Endpoint& peer) {
        events_.on_proxy_fault(peer, "PROXY header: not from an address of proxy-from");
    };
    events.on_failure = [this](const Error& error) { events_.on_failure(error); };
    events.on_end = [this, id] { end(id); };
    return events;
}

}  // namespace twinzone::service
