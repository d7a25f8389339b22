// A UDP socket that is connected to one remote, to ask it. Who answers: udp_listener.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "common/base/bytes.h"
#include "common/base/ip_address.h"
#include "common/base/result.h"
#include "common/net/loop.h"

namespace twinzone::net {

// Octets that may wait in one socket for the kernel; a datagram beyond them is dropped, as the
// network would.
inline constexpr std::size_t kMaxUdpQueuedBytes = std::size_t{1} << 20;

// The loop outlives it. May be destroyed within its own callbacks; none is called after that.
class UdpSocket {
  public:
    struct Events {
        // `bytes` are borrowed for the call and may be edited in place.
        std::function<void(std::span<std::uint8_t> bytes, const Endpoint& from)> on_receive{};
        // The socket learned that its remote cannot be reached (ICMP); the socket goes on
        // working. May be empty.
        std::function<void(const Error&)> on_error{};
    };

    // Bound to a free port of `source` (any address without it) and connected: receives from `to`
    // only, and send() goes there.
    [[nodiscard]] static Result<std::unique_ptr<UdpSocket>> connect(
        Loop& loop, const Endpoint& to, const std::optional<IpAddress>& source, Events events);

    UdpSocket(const UdpSocket&) = delete;
    UdpSocket& operator=(const UdpSocket&) = delete;
    ~UdpSocket();

    // Copies `bytes` only when the kernel cannot take them now. Errc::limit when the queue is full
    // (the datagram is dropped), Errc::network for what the kernel refuses.
    [[nodiscard]] Result<void> send(ByteView bytes);

    // Where the socket is bound, with the real port.
    [[nodiscard]] const Endpoint& local() const noexcept;

    [[nodiscard]] std::size_t queued_bytes() const noexcept;

  private:
    struct Core;
    struct StartClose {
        void operator()(Core* core) const noexcept;
    };
    explicit UdpSocket(std::unique_ptr<Core, StartClose> core) noexcept;

    std::unique_ptr<Core, StartClose> core_;
};

}  // namespace twinzone::net
