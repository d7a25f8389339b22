// Accepts connections on a listening socket of any kind. For TcpListener and UnixListener.
//
// libuv's own listener turns in a circle within one callback as long as accept() fails for want of
// memory or descriptors; this one polls the socket, sheds one connection and pauses.
#pragma once

#include <functional>
#include <memory>

#include <sys/socket.h>

#include "common/base/result.h"
#include "common/net/loop.h"

namespace twinzone::net {

// The loop outlives it. May be destroyed within its callbacks.
class Acceptor {
  public:
    struct Events {
        // `socket` (non-blocking, close-on-exec) is the callee's.
        std::function<void(int socket, const sockaddr* peer)> on_accept{};
        std::function<void(const Error&)> on_error{};  // may be empty
    };

    // Takes `socket`, which listens and is non-blocking, and closes it when destroyed.
    [[nodiscard]] static Result<std::unique_ptr<Acceptor>> start(Loop& loop, int socket,
                                                                 Events events);

    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;
    ~Acceptor();

  private:
    struct Core;
    struct StartClose {
        void operator()(Core* core) const noexcept;
    };
    explicit Acceptor(std::unique_ptr<Core, StartClose> core) noexcept;

    std::unique_ptr<Core, StartClose> core_;
};

}  // namespace twinzone::net
