#include "common/base/ip_address.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <arpa/inet.h>

#include <fmt/format.h>

namespace twinzone {

namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
    Number number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && stop == end && !text.empty() ? std::optional{number}
                                                                : std::nullopt;
}

struct Split {
    std::string_view address;
    std::optional<std::string_view> port;
};

// The four written forms of an endpoint.
Split split(std::string_view text) {
    if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
        return {text.substr(0, at), text.substr(at + 1)};
    }
    if (text.starts_with('[')) {
        const std::size_t close = text.find("]:");
        if (close != std::string_view::npos) {
            return {text.substr(1, close - 1), text.substr(close + 2)};
        }
        return {text.ends_with(']') ? text.substr(1, text.size() - 2) : text, std::nullopt};
    }
    if (std::count(text.begin(), text.end(), ':') == 1) {
        const std::size_t colon = text.find(':');
        return {text.substr(0, colon), text.substr(colon + 1)};
    }
    return {text, std::nullopt};
}

}  // namespace

IpAddress IpAddress::v4(const std::array<std::uint8_t, 4>& octets) noexcept {
    IpAddress address;
    std::copy(octets.begin(), octets.end(), address.octets_.begin());
    return address;
}

IpAddress IpAddress::v6(const std::array<std::uint8_t, 16>& octets) noexcept {
    IpAddress address;
    if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), octets.begin())) {
        std::copy(octets.begin() + 12, octets.end(), address.octets_.begin());
        return address;
    }
    address.v4_ = false;
    address.octets_ = octets;
    return address;
}

Result<IpAddress> IpAddress::from_text(std::string_view text) {
    const std::string terminated{text};
    const bool whole = text.find('\0') == std::string_view::npos;  // inet_pton stops at a NUL
    std::array<std::uint8_t, 4> four{};
    if (whole && inet_pton(AF_INET, terminated.c_str(), four.data()) == 1) {
        return v4(four);
    }
    std::array<std::uint8_t, 16> sixteen{};
    if (whole && inet_pton(AF_INET6, terminated.c_str(), sixteen.data()) == 1) {
        return v6(sixteen);
    }
    return fail(Errc::usage, fmt::format("'{}' is no IPv4 or IPv6 address", text));
}

std::string IpAddress::to_text() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(v4_ ? AF_INET : AF_INET6, octets_.data(), text.data(), text.size());
    return text.data();
}

Result<Endpoint> Endpoint::from_text(std::string_view text, std::uint16_t default_port) {
    const Split parts = split(text);
    Result<IpAddress> address = IpAddress::from_text(parts.address);
    if (!address) {
        return fail(Errc::usage, fmt::format("'{}' is no address; write ADDRESS@PORT", text));
    }
    if (!parts.port) {
        return Endpoint{*address, default_port};
    }
    const auto port = whole_number<std::uint16_t>(*parts.port);
    if (!port) {
        return fail(Errc::usage, fmt::format("'{}' has no port from 0 to 65535", text));
    }
    return Endpoint{*address, *port};
}

std::string Endpoint::to_text() const {
    return fmt::format("{}@{}", address.to_text(), port);
}

Result<IpPrefix> IpPrefix::from_text(std::string_view text) {
    const std::size_t slash = text.find('/');
    Result<IpAddress> address = IpAddress::from_text(text.substr(0, slash));
    if (!address) {
        return fail(std::move(address).error());
    }
    if (slash == std::string_view::npos) {
        return IpPrefix{*address};
    }
    // ::ffff:192.0.2.0/120 is 192.0.2.0/24; a shorter prefix would hold more than IPv4 addresses.
    const bool mapped = address->is_v4() && text.find(':') != std::string_view::npos;
    const unsigned least = mapped ? 96 : 0;
    const unsigned most = address->is_v4() && !mapped ? 32 : 128;
    const auto bits = whole_number<unsigned>(text.substr(slash + 1));
    if (!bits || *bits < least || *bits > most) {
        return fail(Errc::usage, fmt::format("'{}' has no prefix length that fits", text));
    }
    return IpPrefix{*address, *bits - least};
}

bool IpPrefix::contains(const IpAddress& address) const noexcept {
    if (address.is_v4() != address_.is_v4()) {
        return false;
    }
    const std::size_t whole = bits_ / 8;
    if (!std::equal(address_.octets().begin(),
                    address_.octets().begin() + static_cast<std::ptrdiff_t>(whole),
                    address.octets().begin())) {
        return false;
    }
    const unsigned rest = bits_ % 8;
    const auto mask = static_cast<std::uint8_t>(0xff00U >> rest);
    return rest == 0 || ((address_.octets()[whole] ^ address.octets()[whole]) & mask) == 0;
}

std::string IpPrefix::to_text() const {
    const unsigned whole = address_.is_v4() ? 32 : 128;
    return bits_ == whole ? address_.to_text() : fmt::format("{}/{}", address_.to_text(), bits_);
}

}  // namespace twinzone
