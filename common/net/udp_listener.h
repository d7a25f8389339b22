// A UDP socket to answer from, on one address or on all of this host: each answer leaves from the
// address that was asked.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "common/base/bytes.h"
#include "common/base/ip_address.h"
#include "common/base/result.h"
#include "common/net/loop.h"

namespace twinzone::net {

// The loop outlives it. May be destroyed within its own callback, which is not called after that.
class UdpListener {
  public:
    // Where a datagram came from and to which of our addresses (RFC 1122 §4.1.3.5).
    struct Arrival {
        Endpoint from;
        IpAddress to;
        unsigned interface = 0;  // the kernel's number of the interface it came by
    };
    // `bytes` are borrowed for the call and may be edited in place.
    using OnReceive = std::function<void(std::span<std::uint8_t> bytes, const Arrival& arrival)>;

    // Port 0 takes a free one, address 0.0.0.0 or :: all of that family, also those that come
    // later (an IPv6 socket never takes IPv4). Errc::network where the address cannot be bound.
    [[nodiscard]] static Result<std::unique_ptr<UdpListener>> bind(Loop& loop, const Endpoint& at,
                                                                   OnReceive on_receive);

    UdpListener(const UdpListener&) = delete;
    UdpListener& operator=(const UdpListener&) = delete;
    ~UdpListener();

    // Sends back to where `arrival` came from. Errc::network for what the kernel refuses, also for
    // want of room: the datagram is lost then, as on the network.
    [[nodiscard]] Result<void> reply(const Arrival& arrival, ByteView bytes);

    // Where it is bound, with the real port.
    [[nodiscard]] const Endpoint& local() const noexcept;

  private:
    struct Core;
    struct StartClose {
        void operator()(Core* core) const noexcept;
    };
    explicit UdpListener(std::unique_ptr<Core, StartClose> core) noexcept;

    std::unique_ptr<Core, StartClose> core_;
};

}  // namespace twinzone::net
