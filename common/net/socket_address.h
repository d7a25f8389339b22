// Endpoint and the kernel's socket addresses, both ways. For the files of this folder.
#pragma once

#include <sys/socket.h>

#include "common/base/ip_address.h"

namespace twinzone::net {

// A socket address of either family, as the kernel wants it.
class SocketAddress {
  public:
    explicit SocketAddress(const Endpoint& endpoint) noexcept;

    [[nodiscard]] const sockaddr* get() const noexcept {
        return reinterpret_cast<const sockaddr*>(&storage_);
    }
    [[nodiscard]] socklen_t size() const noexcept { return size_; }
    [[nodiscard]] int family() const noexcept { return storage_.ss_family; }

  private:
    sockaddr_storage storage_{};
    socklen_t size_ = 0;
};

// 0.0.0.0@0 for a null pointer and for families other than IPv4 and IPv6. The scope of a link-local
// address is lost: such peers cannot be answered by address.
[[nodiscard]] Endpoint endpoint_of(const sockaddr* address) noexcept;

// Where an open socket is bound.
[[nodiscard]] Endpoint local_endpoint(int socket) noexcept;

}  // namespace twinzone::net
