// A bound and listening TCP socket, for whoever accepts on it. For the files of this folder.
#pragma once

#include "common/base/ip_address.h"
#include "common/base/result.h"

namespace twinzone::net {

// Non-blocking, close-on-exec, the caller's. An IPv6 socket never takes IPv4. Errc::network with
// the address when it cannot be bound.
[[nodiscard]] Result<int> listening_socket(const Endpoint& at, int backlog);

}  // namespace twinzone::net
