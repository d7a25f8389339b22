// Accepts TCP connections at one endpoint.
#pragma once

#include <functional>
#include <memory>

#include "common/base/ip_address.h"
#include "common/base/result.h"
#include "common/net/loop.h"
#include "common/net/tcp_stream.h"

namespace twinzone::net {

class Acceptor;

// The loop outlives it. May be destroyed within its own callbacks; accepted streams live on.
class TcpListener {
  public:
    struct Events {
        // The stream is connected; start() it, or drop it to refuse the connection (limits are the
        // owner's).
        std::function<void(std::unique_ptr<TcpStream>)> on_accept{};
        // Accepting failed, most often for want of file descriptors. The listener lets one
        // connection go and tries again after a pause by itself; this is for the log. May be empty.
        std::function<void(const Error&)> on_error{};
    };

    // `backlog`: connections the kernel keeps ready, capped by net.core.somaxconn. Port 0 takes a
    // free one; an IPv6 listener never takes IPv4. Errc::network when the address cannot be bound.
    [[nodiscard]] static Result<std::unique_ptr<TcpListener>> listen(Loop& loop, const Endpoint& at,
                                                                     int backlog, Events events);

    TcpListener(const TcpListener&) = delete;
    TcpListener& operator=(const TcpListener&) = delete;
    ~TcpListener();

    // Where it listens, with the real port.
    [[nodiscard]] const Endpoint& local() const noexcept { return local_; }

  private:
    TcpListener(std::unique_ptr<Acceptor> acceptor, const Endpoint& local) noexcept;

    std::unique_ptr<Acceptor> acceptor_;
    Endpoint local_;
};

}  // namespace twinzone::net
