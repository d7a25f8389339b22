#include "common/net/proxy_header.h"

#include <algorithm>

#include <fmt/format.h>

namespace twinzone::net {

namespace {

constexpr std::size_t kFixedBytes = 16;
constexpr std::uint8_t kLocal = 0x20;  // version 2 in the upper four bits
constexpr std::uint8_t kProxy = 0x21;
constexpr unsigned kFamilyV4 = 1;  // the upper four bits of family and protocol
constexpr unsigned kFamilyV6 = 2;
constexpr std::size_t kBodyV4Bytes = 12;  // source, destination, both ports
constexpr std::size_t kBodyV6Bytes = 36;

template <std::size_t N>
std::array<std::uint8_t, N> octets_at(ByteView from) {
    std::array<std::uint8_t, N> octets{};
    std::copy_n(from.begin(), N, octets.begin());
    return octets;
}

Result<Endpoint> client_of(unsigned family, ByteView body) {
    if (family == kFamilyV4 && body.size() >= kBodyV4Bytes) {
        return Endpoint{IpAddress::v4(octets_at<4>(body)), load_u16(body.data() + 8)};
    }
    if (family == kFamilyV6 && body.size() >= kBodyV6Bytes) {
        return Endpoint{IpAddress::v6(octets_at<16>(body)), load_u16(body.data() + 32)};
    }
    return fail(Errc::message_malformed, "PROXY header: no address of IPv4 or IPv6");
}

bool is_front_of_signature(ByteView bytes) noexcept {
    const std::size_t size = std::min(bytes.size(), kProxySignature.size());
    return std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size),
                      kProxySignature.begin());
}

}  // namespace

Result<std::optional<ProxyHeader>> ProxyHeader::read(ByteView bytes) {
    if (!is_front_of_signature(bytes)) {
        return fail(Errc::message_malformed, "PROXY header: not there, or not of version 2");
    }
    if (bytes.size() < kFixedBytes) {
        return std::optional<ProxyHeader>{};
    }
    const std::uint8_t command = bytes[12];
    if (command != kLocal && command != kProxy) {
        return fail(Errc::message_malformed, "PROXY header: another version or command");
    }
    const std::size_t body_bytes = load_u16(bytes.data() + 14);
    if (body_bytes > kMaxProxyBodyBytes) {
        return fail(Errc::message_malformed,
                    fmt::format("PROXY header: longer than {} octets", kMaxProxyBodyBytes));
    }
    if (bytes.size() < kFixedBytes + body_bytes) {
        return std::optional<ProxyHeader>{};
    }
    ProxyHeader header{.bytes = kFixedBytes + body_bytes, .client = {}};
    if (command == kProxy) {
        Result<Endpoint> client =
            client_of(bytes[13] >> 4U, bytes.subspan(kFixedBytes, body_bytes));
        if (!client) {
            return fail(std::move(client).error());
        }
        header.client = *client;
    }
    return std::optional{header};
}

bool begins_with_proxy_header(ByteView bytes) noexcept {
    return bytes.size() >= kProxySignature.size() && is_front_of_signature(bytes);
}

}  // namespace twinzone::net
