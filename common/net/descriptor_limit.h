// How many files and sockets the process may have open.
#pragma once

#include <cstddef>

namespace twinzone::net {

// Raises the limit to what the process may raise it to by itself.
void raise_descriptor_limit() noexcept;

// As it is now: an operator may change it while we run (prlimit).
[[nodiscard]] std::size_t descriptor_limit() noexcept;

}  // namespace twinzone::net
