#include "common/net/tcp_listener.h"

#include <utility>

#include "common/net/acceptor.h"
#include "common/net/listening_socket.h"
#include "common/net/socket_address.h"

namespace twinzone::net {

Result<std::unique_ptr<TcpListener>> TcpListener::listen(Loop& loop, const Endpoint& at,
                                                         int backlog, Events events) {
    Result<int> socket = listening_socket(at, backlog);
    if (!socket) {
        return fail(std::move(socket).error());
    }
    const Endpoint local = local_endpoint(*socket);
    auto on_accept = [&loop, give = std::move(events.on_accept)](int accepted,
                                                                 const sockaddr* peer) {
        Result<std::unique_ptr<TcpStream>> stream =
            TcpStream::adopt(loop, accepted, endpoint_of(peer));
        if (stream && give) {
            give(std::move(*stream));
        }
    };
    Result<std::unique_ptr<Acceptor>> acceptor = Acceptor::start(
        loop, *socket, {.on_accept = std::move(on_accept), .on_error = std::move(events.on_error)});
    if (!acceptor) {
        return fail(std::move(acceptor).error());
    }
    return std::unique_ptr<TcpListener>{new TcpListener{std::move(*acceptor), local}};
}

TcpListener::TcpListener(std::unique_ptr<Acceptor> acceptor, const Endpoint& local) noexcept
    : acceptor_(std::move(acceptor)), local_(local) {}

TcpListener::~TcpListener() = default;

}  // namespace twinzone::net
