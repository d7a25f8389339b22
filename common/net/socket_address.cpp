#include "common/net/socket_address.h"

#include <array>
#include <cstdint>
#include <cstring>

#include <netinet/in.h>

namespace twinzone::net {

SocketAddress::SocketAddress(const Endpoint& endpoint) noexcept {
    if (endpoint.address.is_v4()) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port);
        std::memcpy(&v4.sin_addr, endpoint.address.octets().data(), sizeof v4.sin_addr);
        size_ = sizeof v4;
        std::memcpy(&storage_, &v4, sizeof v4);
        return;
    }
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.octets().data(), sizeof v6.sin6_addr);
    size_ = sizeof v6;
    std::memcpy(&storage_, &v6, sizeof v6);
}

Endpoint endpoint_of(const sockaddr* address) noexcept {
    if (address != nullptr && address->sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        std::array<std::uint8_t, 4> octets{};
        std::memcpy(octets.data(), &v4.sin_addr, octets.size());
        return Endpoint{IpAddress::v4(octets), ntohs(v4.sin_port)};
    }
    if (address != nullptr && address->sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof v6);
        std::array<std::uint8_t, 16> octets{};
        std::memcpy(octets.data(), &v6.sin6_addr, octets.size());
        return Endpoint{IpAddress::v6(octets), ntohs(v6.sin6_port)};
    }
    return Endpoint{};
}

Endpoint local_endpoint(int socket) noexcept {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
        return Endpoint{};
    }
    return endpoint_of(reinterpret_cast<const sockaddr*>(&storage));
}

}  // namespace twinzone::net
