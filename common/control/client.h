// Asks a running daemon one thing over its control socket.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/control/protocol.h"

namespace twinzone::control {

// How long silence may last: before the answer, and between parts of it. Nullopt: as long as it
// takes.
using Patience = std::optional<milliseconds>;

// Takes each part of a long answer but the last.
using PartSink = std::function<void(const Response& part)>;

// Blocking. Gives the last part, which is all of a short answer. Errc::not_found: no daemon listens
// there (exit code 3). Errc::file_unreadable: the socket may not be opened. Errc::peer_unreachable:
// the daemon does not answer in time or hangs up. Errc::message_malformed: what answers is no
// daemon of ours.
[[nodiscard]] Result<Response> ask(const std::string& socket_path, const Request& request,
                                   Patience patience, const PartSink& on_part);

// The same for an answer that is known to have one part.
[[nodiscard]] Result<Response> ask(const std::string& socket_path, const Request& request,
                                   Patience patience);

}  // namespace twinzone::control
