#include "common/net/bind_probe.h"

#include <cerrno>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/net/socket_address.h"

namespace twinzone::net {

int probe_bind(const Endpoint& at, BindTransport transport) noexcept {
    const SocketAddress address{at};
    const int type = transport == BindTransport::tcp ? SOCK_STREAM : SOCK_DGRAM;
    const int socket = ::socket(address.family(), type | SOCK_CLOEXEC, 0);
    if (socket < 0) {
        return errno;
    }
    const int yes = 1;
    if (transport == BindTransport::tcp) {  // a connection that just ended is no obstacle
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    }
    if (address.family() == AF_INET6) {
        ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    }
    // With SO_REUSEADDR two may bind; only listening shows that the port is taken.
    const bool is_free = ::bind(socket, address.get(), address.size()) == 0 &&
                         (transport == BindTransport::udp || ::listen(socket, 1) == 0);
    const int error = is_free ? 0 : errno;
    ::close(socket);
    return error;
}

}  // namespace twinzone::net
