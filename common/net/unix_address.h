// A path as the address of a local socket. For the files of this folder.
#pragma once

#include <cstring>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>

#include <fmt/format.h>

#include "common/base/result.h"

namespace twinzone::net {

// Errc::usage for a path that is empty or too long (107 octets).
[[nodiscard]] inline Result<sockaddr_un> unix_address(std::string_view path) {
    sockaddr_un address{};
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return fail(Errc::usage, fmt::format("socket path '{}' has not 1 to {} octets", path,
                                             sizeof address.sun_path - 1));
    }
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

}  // namespace twinzone::net
