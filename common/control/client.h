// Asks a running daemon one thing over its control socket.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/control/protocol.h"

namespace twinzone::control {

// Blocking; `timeout` bounds the whole exchange. Errc::not_found: no daemon listens there (exit
// code 3). Errc::file_unreadable: the socket may not be opened. Errc::peer_unreachable: the daemon
// does not answer in time or hangs up. Errc::message_malformed: what answers is no daemon of ours.
[[nodiscard]] Result<Response> ask(const std::string& socket_path, const Request& request,
                                   milliseconds timeout);

}  // namespace twinzone::control
