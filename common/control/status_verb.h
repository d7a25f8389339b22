// The verb `status`: the daemon's side answers it from the model, the operator's side asks and
// shows.
#pragma once

#include <cstdio>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/control/protocol.h"
#include "common/control/status.h"
#include "common/dns/name.h"

namespace twinzone::control {

inline constexpr std::string_view kStatusVerb = "status";

struct StatusQuery {
    std::optional<dns::Name> zone;  // only this one
    bool stale = false;             // only zones that are not current
};

[[nodiscard]] Request to_request(const StatusQuery& query);

// The daemon's side: what a client asked for, out of a status of all zones. A zone that is not
// there is an error with exit code 1.
[[nodiscard]] Response answer_status(const Request& request, Status status);

// Asks the daemon at `socket_path`. Errors are those of ask(); what the daemon refuses is
// Errc::zone_policy (a zone it does not know) or usage. Blocking.
[[nodiscard]] Result<Status> ask_status(const std::string& socket_path, const StatusQuery& query);

struct StatusView {
    bool json = false;
    bool color = false;
    bool watch = false;     // shows it again every two seconds, until the process is interrupted
    std::size_t width = 0;  // columns of the terminal; 0: as wide as it takes
};

// The operator's side: asks the daemon at `socket_path` and prints to `out`. True where every zone
// that was asked for is current. Errors are those of ask(); what the daemon refuses is Errc::usage.
// Blocking.
[[nodiscard]] Result<bool> show_status(const std::string& socket_path, const StatusQuery& query,
                                       const StatusView& view, std::FILE* out);

}  // namespace twinzone::control
