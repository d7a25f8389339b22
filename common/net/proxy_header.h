// The header by which a proxy says for whom it speaks: PROXY protocol, version 2 (HAProxy's
// proxy-protocol.txt §2.2). In front of a connection's octets, of TLS too, and of each datagram. No
// I/O.
//
//   signature (12)  version, command (1)  family, protocol (1)  length (2)  addresses, TLVs
//   (length)
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/ip_address.h"
#include "common/base/result.h"

namespace twinzone::net {

inline constexpr std::array<std::uint8_t, 12> kProxySignature = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

// Octets behind the fixed part: addresses and TLVs. Proxies send some hundred at most.
inline constexpr std::size_t kMaxProxyBodyBytes = 4096;

struct ProxyHeader {
    std::size_t bytes = 0;           // of the whole header
    std::optional<Endpoint> client;  // nullopt: the proxy speaks for itself (command LOCAL)

    // The header at the front of `bytes`; nullopt where more octets are needed to tell.
    // Errc::message_malformed where there is none, or it is not of version 2, too long, or conveys
    // no address of IPv4 or IPv6.
    [[nodiscard]] static Result<std::optional<ProxyHeader>> read(ByteView bytes);
};

// True where the octets begin with the signature, which no DNS message does, nor one behind its
// length.
[[nodiscard]] bool begins_with_proxy_header(ByteView bytes) noexcept;

}  // namespace twinzone::net
