// IPv4 and IPv6 addresses, endpoints (address and port) and prefixes, as values. No sockets here.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace twinzone {

// Plain value. An IPv4-mapped IPv6 address (::ffff:192.0.2.1) becomes its IPv4 address, so that
// access rules see one form.
class IpAddress {
  public:
    // 0.0.0.0
    constexpr IpAddress() noexcept = default;

    [[nodiscard]] static IpAddress v4(const std::array<std::uint8_t, 4>& octets) noexcept;
    [[nodiscard]] static IpAddress v6(const std::array<std::uint8_t, 16>& octets) noexcept;

    // "192.0.2.1" or "2001:db8::1" (without brackets). Errc::usage with the text otherwise.
    [[nodiscard]] static Result<IpAddress> from_text(std::string_view text);

    [[nodiscard]] bool is_v4() const noexcept { return v4_; }

    // Network order; the first 4 for IPv4, all 16 for IPv6.
    [[nodiscard]] const std::array<std::uint8_t, 16>& octets() const noexcept { return octets_; }

    [[nodiscard]] std::string to_text() const;

    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the 0 behind <=> for a pointer
    friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) noexcept = default;

  private:
    bool v4_ = true;
    std::array<std::uint8_t, 16> octets_{};
};

// Where a socket is or goes to. Plain value.
struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;

    // "192.0.2.1@53", "2001:db8::1@53", "[2001:db8::1]:53", "192.0.2.1:53", or the address alone
    // with `default_port`. Errc::usage with the text otherwise.
    [[nodiscard]] static Result<Endpoint> from_text(std::string_view text,
                                                    std::uint16_t default_port);

    // "192.0.2.1@53": the form of configuration, log and status.
    [[nodiscard]] std::string to_text() const;

    // NOLINTNEXTLINE(modernize-use-nullptr): as above
    friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) noexcept = default;
};

// "10.0.0.0/8", "2001:db8::/32", or an address for itself alone. A prefix of IPv4-mapped addresses
// becomes its IPv4 prefix, as addresses do. Plain value.
class IpPrefix {
  public:
    [[nodiscard]] static Result<IpPrefix> from_text(std::string_view text);
    explicit IpPrefix(const IpAddress& address) noexcept
        : address_(address), bits_(address.is_v4() ? 32 : 128) {}

    [[nodiscard]] bool contains(const IpAddress& address) const noexcept;
    [[nodiscard]] std::string to_text() const;

    friend constexpr auto operator<=>(const IpPrefix&, const IpPrefix&) noexcept = default;

  private:
    IpPrefix(const IpAddress& address, unsigned bits) noexcept : address_(address), bits_(bits) {}

    IpAddress address_;
    unsigned bits_ = 0;
};

}  // namespace twinzone
