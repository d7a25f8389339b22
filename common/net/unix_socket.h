// Local stream sockets named by a path: the control socket's listener and its connections.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <sys/types.h>

#include "common/base/result.h"
#include "common/net/loop.h"
#include "common/net/stream.h"

namespace twinzone::net {

class Acceptor;

class UnixStream final : public Stream {
  public:
    // Takes over an accepted socket. For UnixListener.
    [[nodiscard]] static Result<std::unique_ptr<UnixStream>> adopt(Loop& loop, int socket);

    ~UnixStream() override;

  private:
    explicit UnixStream(std::shared_ptr<Core> core) noexcept;
};

// The loop outlives it. Its destructor removes the socket file, unless another took its place.
class UnixListener {
  public:
    using OnAccept = std::function<void(std::unique_ptr<UnixStream>)>;

    // Makes the socket file with `mode` (0600, 0660): no one can connect before the mode holds. A
    // file left by a dead process is replaced; one where a process answers, or a file that is no
    // socket, is left alone and gives Errc::network.
    [[nodiscard]] static Result<std::unique_ptr<UnixListener>> listen(Loop& loop,
                                                                      const std::string& path,
                                                                      mode_t mode,
                                                                      OnAccept on_accept);

    UnixListener(const UnixListener&) = delete;
    UnixListener& operator=(const UnixListener&) = delete;
    ~UnixListener();

  private:
    struct SocketFile;
    UnixListener(std::unique_ptr<SocketFile> file, std::unique_ptr<Acceptor> acceptor) noexcept;

    std::unique_ptr<SocketFile> file_;
    std::unique_ptr<Acceptor> acceptor_;
};

}  // namespace twinzone::net
