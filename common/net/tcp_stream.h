// A TCP connection as a byte stream, made by connect() or accepted by a TcpListener.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/base/ip_address.h"
#include "common/base/result.h"
#include "common/net/loop.h"
#include "common/net/stream.h"

namespace twinzone::net {

// Small writes leave at once (TCP_NODELAY): batch with the parts of one write().
class TcpStream final : public Stream {
  public:
    // Starts connecting, from `source` if given. `on_connected` is called once, never from within
    // connect(), with an error when the stream has failed (and is closed); in it, call start(). No
    // timeout of its own but the kernel's: the owner destroys the stream when it has waited enough.
    // Writes may be queued before.
    [[nodiscard]] static std::unique_ptr<TcpStream> connect(
        Loop& loop, const Endpoint& to, const std::optional<IpAddress>& source,
        std::function<void(const Result<void>&)> on_connected);

    // Takes over an accepted socket. For TcpListener.
    [[nodiscard]] static Result<std::unique_ptr<TcpStream>> adopt(Loop& loop, int socket,
                                                                  const Endpoint& peer);

    ~TcpStream() override;

    [[nodiscard]] const Endpoint& peer() const noexcept { return peer_; }

    // Our side; 0.0.0.0@0 while not connected.
    [[nodiscard]] Endpoint local() noexcept;

  private:
    TcpStream(std::shared_ptr<Core> core, const Endpoint& peer) noexcept;

    Endpoint peer_;
};

}  // namespace twinzone::net
