#include "common/net/udp_socket.h"

#include <utility>

#include <fmt/format.h>

#include "common/base/assert.h"
#include "common/net/socket_address.h"
#include "common/net/uv_parts.h"

namespace twinzone::net {

namespace {

struct SendRequest {
    uv_udp_send_t request{};
    Bytes bytes;
};

uv_buf_t borrow(ByteView bytes) noexcept {
    // libuv's buffers are never const; it only reads those it sends.
    return uv_buf_init(reinterpret_cast<char*>(const_cast<std::uint8_t*>(bytes.data())),
                       static_cast<unsigned>(bytes.size()));
}

}  // namespace

struct UdpSocket::Core {
    uv_udp_t handle{};
    Events events;
    Endpoint local;
    Endpoint peer;

    [[nodiscard]] Result<void> receive_at(Loop& loop, const Endpoint& at);
    void on_receive(ssize_t size, const uv_buf_t& buffer, const sockaddr* from) const;
    [[nodiscard]] Result<void> send(ByteView bytes);
};

Result<void> UdpSocket::Core::receive_at(Loop& loop, const Endpoint& at) {
    const SocketAddress address{at};
    const unsigned flags = static_cast<unsigned>(address.family()) | UV_UDP_RECVMMSG;
    const int made = uv_udp_init_ex(loop.native(), &handle, flags);
    if (made != 0) {
        // libuv left the handle out of its loop; with no socket yet it can be closed as any other.
        TWINZONE_ASSERT(uv_udp_init(loop.native(), &handle) == 0);
    }
    handle.data = this;
    if (made != 0) {
        return fail(uv_error(made, "UDP socket"));
    }
    const unsigned bind_flags = address.family() == AF_INET6 ? UV_UDP_IPV6ONLY : 0;
    if (const int status = uv_udp_bind(&handle, address.get(), bind_flags); status != 0) {
        const Error error = uv_error(status, fmt::format("UDP socket at {}", at.to_text()));
        return fail(Errc::network, error.detail());
    }
    const int status = uv_udp_recv_start(
        &handle,
        [](uv_handle_t* reader, std::size_t, uv_buf_t* buffer) noexcept {
            *buffer = uv_buf_init(read_buffer(reader), kReadBufferBytes);
        },
        [](uv_udp_t* reader, ssize_t size, const uv_buf_t* buffer, const sockaddr* from,
           unsigned) noexcept {
            static_cast<const Core*>(reader->data)->on_receive(size, *buffer, from);
        });
    TWINZONE_ASSERT(status == 0);
    return {};
}

void UdpSocket::Core::on_receive(ssize_t size, const uv_buf_t& buffer, const sockaddr* from) const {
    if (uv_is_closing(reinterpret_cast<const uv_handle_t*>(&handle)) != 0) {
        return;
    }
    if (size < 0) {
        if (events.on_error) {
            events.on_error(uv_error(static_cast<int>(size), peer.to_text()));
        }
        return;
    }
    // Without a sender: libuv's way to say that nothing more is there.
    if (from == nullptr || !events.on_receive) {
        return;
    }
    events.on_receive(
        {reinterpret_cast<std::uint8_t*>(buffer.base), static_cast<std::size_t>(size)}, peer);
}

Result<void> UdpSocket::Core::send(ByteView bytes) {
    const uv_buf_t whole = borrow(bytes);
    const int sent = uv_udp_try_send(&handle, &whole, 1, nullptr);
    if (sent >= 0) {
        return {};
    }
    if (sent != UV_EAGAIN) {
        return fail(uv_error(sent, fmt::format("send to {}", peer.to_text())));
    }
    if (uv_udp_get_send_queue_size(&handle) + bytes.size() > kMaxUdpQueuedBytes) {
        return fail(Errc::limit, fmt::format("send to {}: queue is full", peer.to_text()));
    }
    auto request = std::make_unique<SendRequest>();
    request->bytes.assign(bytes.begin(), bytes.end());
    request->request.data = request.get();
    const uv_buf_t owned = borrow(request->bytes);
    // A failure of what waited has no one to hear it; the network loses datagrams too.
    const int status = uv_udp_send(
        &request->request, &handle, &owned, 1, nullptr,
        [](uv_udp_send_t* done, int) noexcept { delete static_cast<SendRequest*>(done->data); });
    if (status != 0) {
        return fail(uv_error(status, fmt::format("send to {}", peer.to_text())));
    }
    static_cast<void>(request.release());
    return {};
}

Result<std::unique_ptr<UdpSocket>> UdpSocket::connect(Loop& loop, const Endpoint& to,
                                                      const std::optional<IpAddress>& source,
                                                      Events events) {
    std::unique_ptr<Core, StartClose> core{new Core};
    core->events = std::move(events);
    const IpAddress any = to.address.is_v4() ? IpAddress{} : IpAddress::v6({});
    if (Result<void> ready = core->receive_at(loop, Endpoint{source.value_or(any), 0}); !ready) {
        return fail(std::move(ready).error());
    }
    const SocketAddress address{to};
    if (const int status = uv_udp_connect(&core->handle, address.get()); status != 0) {
        return fail(uv_error(status, to.to_text()));
    }
    core->peer = to;
    return std::unique_ptr<UdpSocket>{new UdpSocket{std::move(core)}};
}

UdpSocket::UdpSocket(std::unique_ptr<Core, StartClose> core) noexcept : core_(std::move(core)) {
    uv_os_fd_t socket = -1;
    uv_fileno(reinterpret_cast<const uv_handle_t*>(&core_->handle), &socket);
    core_->local = local_endpoint(socket);
}

UdpSocket::~UdpSocket() = default;

void UdpSocket::StartClose::operator()(Core* core) const noexcept {
    uv_close(reinterpret_cast<uv_handle_t*>(&core->handle),
             [](uv_handle_t* handle) noexcept { delete static_cast<Core*>(handle->data); });
}

Result<void> UdpSocket::send(ByteView bytes) {
    return core_->send(bytes);
}

const Endpoint& UdpSocket::local() const noexcept {
    return core_->local;
}

std::size_t UdpSocket::queued_bytes() const noexcept {
    return uv_udp_get_send_queue_size(&core_->handle);
}

}  // namespace twinzone::net
