// The blocking client of a control socket, for the command line; needs no loop.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/base/time.h"

namespace twinzone::net {

// An answer beyond this is refused: status of some 100,000 zones fits well.
inline constexpr std::size_t kMaxControlAnswerBytes = std::size_t{256} << 20;

// Sends `request`, which carries its own end (a line end, say: the sending side stays open), and
// returns everything the other side sends until it closes. `timeout` is for the whole exchange.
// Errc::not_found: no process answers at `path`; Errc::network: anything else.
[[nodiscard]] Result<std::string> ask_unix_socket(const std::string& path, std::string_view request,
                                                  Duration timeout);

}  // namespace twinzone::net
