#include "common/net/udp_listener.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/assert.h"
#include "common/net/socket_address.h"
#include "common/net/uv_parts.h"

namespace twinzone::net {

namespace {

// For bursts of NOTIFYs and queries; net.core.rmem_max and wmem_max cap it.
constexpr int kBufferBytes = 4 << 20;

// Datagrams taken in one turn of the loop, so that a flood of them leaves time for the rest.
constexpr int kMaxPerTurn = 64;

constexpr std::size_t kDatagramBytes = 65536;
static_assert(kDatagramBytes <= kReadBufferBytes);

// Room for the one control message that we ask for: IP_PKTINFO (ip(7)) or IPV6_PKTINFO (RFC 3542).
constexpr std::size_t kControlBytes = CMSG_SPACE(sizeof(in6_pktinfo));
static_assert(sizeof(in_pktinfo) <= sizeof(in6_pktinfo));

struct alignas(cmsghdr) Control {
    std::array<char, kControlBytes> octets{};
};

bool set(int socket, int level, int option, int value) noexcept {
    return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

bool configure(int socket, int family) noexcept {
    // Refused, the default size does; floods lose more then.
    set(socket, SOL_SOCKET, SO_RCVBUF, kBufferBytes);
    set(socket, SOL_SOCKET, SO_SNDBUF, kBufferBytes);
    return family == AF_INET6 ? set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
                                    set(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                              : set(socket, IPPROTO_IP, IP_PKTINFO, 1);
}

Error error_of(int code, const std::string& what) {
    return Error{Errc::network, uv_error(uv_translate_sys_error(code), what).detail()};
}

Result<int> bound_socket(const Endpoint& at) {
    const SocketAddress address{at};
    const int socket = ::socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket >= 0 && configure(socket, address.family()) &&
        ::bind(socket, address.get(), address.size()) == 0) {
        return socket;
    }
    const Error error = error_of(errno, fmt::format("UDP socket at {}", at.to_text()));
    if (socket >= 0) {
        ::close(socket);
    }
    return fail(error);
}

// Where a control message's content begins (cmsg(3)).
std::uint8_t* content_of(cmsghdr* part) noexcept {
    return reinterpret_cast<std::uint8_t*>(part) + CMSG_LEN(0);
}

// Which of our addresses the datagram was sent to.
void read_control(msghdr& message, UdpListener::Arrival& arrival) noexcept {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
            in_pktinfo found{};
            std::memcpy(&found, content_of(part), sizeof found);
            std::array<std::uint8_t, 4> octets{};
            std::memcpy(octets.data(), &found.ipi_spec_dst, octets.size());
            arrival.to = IpAddress::v4(octets);
            arrival.interface = static_cast<unsigned>(found.ipi_ifindex);
        } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo found{};
            std::memcpy(&found, content_of(part), sizeof found);
            std::array<std::uint8_t, 16> octets{};
            std::memcpy(octets.data(), &found.ipi6_addr, octets.size());
            arrival.to = IpAddress::v6(octets);
            arrival.interface = found.ipi6_ifindex;
        }
    }
}

bool is_link_local(const IpAddress& address) noexcept {
    return !address.is_v4() && address.octets()[0] == 0xfe &&
           (address.octets()[1] & 0xc0U) == 0x80U;
}

template <class Content>
void put_control(msghdr& message, int level, int type, const Content& content) noexcept {
    message.msg_controllen = CMSG_SPACE(sizeof content);
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = level;
    part->cmsg_type = type;
    part->cmsg_len = CMSG_LEN(sizeof content);
    std::memcpy(content_of(part), &content, sizeof content);
}

// The address to send from. The route chooses the interface, but for addresses that have a meaning
// on one only.
void write_control(msghdr& message, const UdpListener::Arrival& arrival) noexcept {
    if (arrival.to.is_v4()) {
        in_pktinfo from{};
        std::memcpy(&from.ipi_spec_dst, arrival.to.octets().data(), sizeof from.ipi_spec_dst);
        put_control(message, IPPROTO_IP, IP_PKTINFO, from);
        return;
    }
    in6_pktinfo from{};
    std::memcpy(&from.ipi6_addr, arrival.to.octets().data(), sizeof from.ipi6_addr);
    from.ipi6_ifindex = is_link_local(arrival.from.address) ? arrival.interface : 0;
    put_control(message, IPPROTO_IPV6, IPV6_PKTINFO, from);
}

}  // namespace

struct UdpListener::Core {
    uv_poll_t poll{};
    int socket = -1;
    OnReceive on_receive;
    Endpoint local;

    [[nodiscard]] bool is_closing() const noexcept {
        return uv_is_closing(reinterpret_cast<const uv_handle_t*>(&poll)) != 0;
    }
    void watch();
    void handle_readable(int status);
    [[nodiscard]] bool receive_one();
};

void UdpListener::Core::watch() {
    const int started =
        uv_poll_start(&poll, UV_READABLE, [](uv_poll_t* handle, int status, int) noexcept {
            static_cast<Core*>(handle->data)->handle_readable(status);
        });
    TWINZONE_ASSERT(started == 0);
}

void UdpListener::Core::handle_readable(int status) {
    if (status < 0) {  // libuv has stopped: an error waits in the socket, which is nobody's here
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size);
        watch();
        return;
    }
    for (int i = 0; i < kMaxPerTurn && !is_closing(); ++i) {
        if (!receive_one()) {
            return;
        }
    }
}

// False where nothing more waits. What went wrong with an earlier answer (ICMP) is nobody's here.
bool UdpListener::Core::receive_one() {
    char* buffer = read_buffer(reinterpret_cast<const uv_handle_t*>(&poll));
    iovec part{buffer, kDatagramBytes};
    sockaddr_storage from{};
    Control control;
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.octets.data();
    message.msg_controllen = control.octets.size();
    const ssize_t size = recvmsg(socket, &message, 0);
    if (size < 0) {
        return errno != EAGAIN;
    }
    Arrival arrival{.from = endpoint_of(reinterpret_cast<const sockaddr*>(&from)),
                    .to = local.address,
                    .interface = 0};
    read_control(message, arrival);
    on_receive({reinterpret_cast<std::uint8_t*>(buffer), static_cast<std::size_t>(size)}, arrival);
    return true;
}

Result<std::unique_ptr<UdpListener>> UdpListener::bind(Loop& loop, const Endpoint& at,
                                                       OnReceive on_receive) {
    const Result<int> socket = bound_socket(at);
    if (!socket) {
        return fail(socket.error());
    }
    auto core = std::make_unique<Core>();
    const int status = uv_poll_init(loop.native(), &core->poll, *socket);
    if (status != 0) {
        ::close(*socket);
        return fail(Errc::network, uv_error(status, "poll").detail());
    }
    core->poll.data = core.get();
    core->socket = *socket;
    core->on_receive = std::move(on_receive);
    core->local = local_endpoint(*socket);
    core->watch();
    return std::unique_ptr<UdpListener>{
        new UdpListener{std::unique_ptr<Core, StartClose>{core.release()}}};
}

UdpListener::UdpListener(std::unique_ptr<Core, StartClose> core) noexcept
    : core_(std::move(core)) {}

UdpListener::~UdpListener() = default;

void UdpListener::StartClose::operator()(Core* core) const noexcept {
    uv_close(reinterpret_cast<uv_handle_t*>(&core->poll),
             [](uv_handle_t* handle) noexcept { delete static_cast<Core*>(handle->data); });
    ::close(core->socket);  // at once, so that the address is free for a successor
}

Result<void> UdpListener::reply(const Arrival& arrival, ByteView bytes) {
    const SocketAddress to{arrival.from};
    // The kernel only reads what it sends.
    iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    Control control;
    msghdr message{};
    message.msg_name = const_cast<sockaddr*>(to.get());
    message.msg_namelen = to.size();
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.octets.data();
    message.msg_controllen = control.octets.size();
    write_control(message, arrival);
    if (sendmsg(core_->socket, &message, MSG_DONTWAIT) < 0) {
        return fail(error_of(errno, fmt::format("send to {}", arrival.from.to_text())));
    }
    return {};
}

const Endpoint& UdpListener::local() const noexcept {
    return core_->local;
}

}  // namespace twinzone::net
