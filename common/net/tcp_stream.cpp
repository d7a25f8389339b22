#include "common/net/tcp_stream.h"

#include <utility>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/assert.h"
#include "common/net/socket_address.h"
#include "common/net/stream_core.h"
#include "common/net/uv_parts.h"

namespace twinzone::net {

namespace {

// A connection that is kept may have died without a word: what is sent on it and not acknowledged
// in this time ends it.
constexpr unsigned kUnacknowledgedMs = 10'000;

void limit_unacknowledged(const uv_handle_t& handle) noexcept {
    uv_os_fd_t socket = -1;
    if (uv_fileno(&handle, &socket) == 0) {
        // Refused, the kernel's own, longer patience holds.
        setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledgedMs,
                   sizeof kUnacknowledgedMs);
    }
}

int start_connect(Stream::Core& core, const Endpoint& to, const std::optional<IpAddress>& source) {
    if (source) {
        const SocketAddress from{Endpoint{*source, 0}};
        if (const int status = uv_tcp_bind(&core.handle.tcp, from.get(), 0); status != 0) {
            return status;
        }
    }
    const SocketAddress address{to};
    return uv_tcp_connect(&core.connect_request, &core.handle.tcp, address.get(),
                          [](uv_connect_t* request, int status) noexcept {
                              auto* self = static_cast<Stream::Core*>(request->handle->data);
                              if (status == 0) {
                                  // Fails only for sockets that are gone, which reads tell.
                                  uv_tcp_nodelay(&self->handle.tcp, 1);
                                  limit_unacknowledged(self->handle.any);
                              }
                              self->connected(status);
                          });
}

}  // namespace

std::unique_ptr<TcpStream> TcpStream::connect(
    Loop& loop, const Endpoint& to, const std::optional<IpAddress>& source,
    std::function<void(const Result<void>&)> on_connected) {
    auto core = std::make_shared<Core>(loop);
    TWINZONE_ASSERT(uv_tcp_init(loop.native(), &core->handle.tcp) == 0);
    core->adopt_handle();
    core->phase = Core::Phase::connecting;
    core->on_connected = std::move(on_connected);
    if (const int status = start_connect(*core, to, source); status != 0) {
        core->end(fail(uv_error(status, "connect")));
    }
    return std::unique_ptr<TcpStream>{new TcpStream{std::move(core), to}};
}

Result<std::unique_ptr<TcpStream>> TcpStream::adopt(Loop& loop, int socket, const Endpoint& peer) {
    auto core = std::make_shared<Core>(loop);
    TWINZONE_ASSERT(uv_tcp_init(loop.native(), &core->handle.tcp) == 0);
    core->adopt_handle();
    std::unique_ptr<TcpStream> stream{new TcpStream{core, peer}};
    if (const int status = uv_tcp_open(&core->handle.tcp, socket); status != 0) {
        ::close(socket);
        return fail(uv_error(status, "adopt"));
    }
    uv_tcp_nodelay(&core->handle.tcp, 1);
    return stream;
}

TcpStream::TcpStream(std::shared_ptr<Core> core, const Endpoint& peer) noexcept
    : Stream(std::move(core)), peer_(peer) {}

TcpStream::~TcpStream() = default;

Endpoint TcpStream::local() noexcept {
    uv_os_fd_t socket = -1;
    if (!is_open() || uv_fileno(&core().handle.any, &socket) != 0) {
        return Endpoint{};
    }
    return local_endpoint(socket);
}

}  // namespace twinzone::net
