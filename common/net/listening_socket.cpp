#include "common/net/listening_socket.h"

#include <cerrno>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/net/socket_address.h"
#include "common/net/uv_parts.h"

namespace twinzone::net {

namespace {

bool set_on(int socket, int level, int option) noexcept {
    const int on = 1;
    return setsockopt(socket, level, option, &on, sizeof on) == 0;
}

// SO_REUSEADDR: a restart binds while connections of before are in TIME_WAIT.
bool bind_and_listen(int socket, const SocketAddress& address, int backlog) noexcept {
    return set_on(socket, SOL_SOCKET, SO_REUSEADDR) &&
           (address.family() != AF_INET6 || set_on(socket, IPPROTO_IPV6, IPV6_V6ONLY)) &&
           bind(socket, address.get(), address.size()) == 0 && ::listen(socket, backlog) == 0;
}

}  // namespace

Result<int> listening_socket(const Endpoint& at, int backlog) {
    const SocketAddress address{at};
    const int socket = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket >= 0 && bind_and_listen(socket, address, backlog)) {
        return socket;
    }
    const Error reason =
        uv_error(uv_translate_sys_error(errno), fmt::format("TCP listener at {}", at.to_text()));
    if (socket >= 0) {
        ::close(socket);
    }
    return fail(Errc::network, reason.detail());
}

}  // namespace twinzone::net
