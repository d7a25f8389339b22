// Binds the control server to its socket: reads requests, writes answers.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "common/control/server.h"
#include "common/net/loop.h"
#include "common/net/unix_socket.h"

namespace twinzone::service {

// Loop thread only. Borrows loop and server for its life.
class ControlBinding {
  public:
    // Makes the folder of the socket where it is missing. `group` may use it beside the owner;
    // empty: the process's group. Errc::network, file_unreadable, config_invalid (the group).
    [[nodiscard]] static Result<std::unique_ptr<ControlBinding>> listen(
        net::Loop& loop, const control::ControlServer& server, const std::string& path,
        const std::string& group);

  private:
    struct Session {
        std::unique_ptr<net::UnixStream> stream;
        std::unique_ptr<control::ControlSession> conversation;
    };

    ControlBinding(net::Loop& loop, const control::ControlServer& server)
        : loop_(loop), server_(server) {}
    void accept(std::unique_ptr<net::UnixStream> stream);

    net::Loop& loop_;
    const control::ControlServer& server_;
    std::unique_ptr<net::UnixListener> listener_;
    std::map<std::uint64_t, Session> sessions_;
    std::uint64_t last_session_ = 0;
};

}  // namespace twinzone::service
