// The simulated network: datagrams that get lost, doubled, late and out of order; connections whose
// bytes arrive in any pieces, late, and that may be cut at any byte; partitions in one or both
// directions. Hosts are numbers.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <span>

#include "common/base/bytes.h"
#include "tests/sim/world.h"

namespace twinzone::sim {

using Host = std::uint32_t;

struct Faults {
    unsigned loss_percent = 0;    // of datagrams
    unsigned double_percent = 0;  // of datagrams
    unsigned cut_percent = 0;     // of connections, at some byte
    unsigned stall_percent = 0;   // of connections: bytes stop coming, nobody says why
    Duration most_delay = milliseconds{20};
};

class Network;

// One end of a connection. Calls come from the network, one at a time.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    struct Events {
        std::function<void(std::span<std::uint8_t>)> on_bytes;
        std::function<void()> on_closed;
    };

    void start(Events events) { events_ = std::move(events); }
    void write(Bytes bytes);

    // Ends both sides; the other learns of it. No event comes after it here.
    void close();
    [[nodiscard]] bool is_open() const noexcept { return open_; }

  private:
    friend class Network;

    void deliver(Bytes bytes);
    void handle_closed();

    Network* network_ = nullptr;
    Host host_ = 0;
    Host peer_host_ = 0;
    std::weak_ptr<Connection> peer_;
    Events events_;
    bool open_ = true;
    bool stalled_ = false;
    std::int64_t cut_after_ = -1;  // octets written until the cut; -1: never
    Duration last_arrival_{0};     // keeps bytes in order
};

class Network {
  public:
    explicit Network(World& world) : world_(world) {}

    void set_faults(const Faults& faults) noexcept { faults_ = faults; }
    void block(Host from, Host to) { blocked_.emplace(from, to); }
    void heal() { blocked_.clear(); }

    // Sees each message that is sent, and on a connection what is written at once.
    using Tap = std::function<void(Host from, Host to, ByteView octets, bool on_connection)>;
    void set_tap(Tap tap) { tap_ = std::move(tap); }

    // `deliver` runs at the other host, perhaps twice, perhaps never.
    void send(Host from, Host to, const Bytes& datagram, const std::function<void(Bytes)>& deliver);

    // Gives the client's end at once; `on_accept` gets the server's end after a while (the
    // connection then stands: on_connected), or never.
    std::shared_ptr<Connection> connect(Host from, Host to,
                                        std::function<bool(std::shared_ptr<Connection>)> on_accept,
                                        std::function<void()> on_connected);

    [[nodiscard]] bool is_blocked(Host from, Host to) const {
        return blocked_.contains({from, to});
    }

  private:
    friend class Connection;

    [[nodiscard]] Duration delay() { return world_.between(microseconds{50}, faults_.most_delay); }

    World& world_;
    Tap tap_;
    Faults faults_;
    std::set<std::pair<Host, Host>> blocked_;
};

}  // namespace twinzone::sim
