// Whether an address could be listened on, without listening: for checking a configuration.
#pragma once

#include <cstdint>

#include "common/base/ip_address.h"

namespace twinzone::net {

enum class BindTransport : std::uint8_t { udp, tcp };

// 0, or the errno that stands in the way: EADDRINUSE, EADDRNOTAVAIL, EACCES, …
[[nodiscard]] int probe_bind(const Endpoint& at, BindTransport transport) noexcept;

}  // namespace twinzone::net
