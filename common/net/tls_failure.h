// Why a TLS connection failed, as one of a few words, for counting. The words of the errors
// themselves are made here as well, so that both agree.
#pragma once

#include <optional>
#include <string_view>

#include "common/base/error.h"

namespace twinzone::net {

enum class TlsFailure : std::uint8_t {
    certificate,  // the server's is not accepted
    alpn,         // the peer does not speak DNS
    handshake,    // anything else before the connection stood: versions, ciphers, our certificate
    broken  // after that: octets that are not the peer's. A mere cut is none of TLS's failures
};

// "certificate", "alpn", "handshake", "broken".
[[nodiscard]] std::string_view to_string(TlsFailure failure) noexcept;

// Errc::peer_unreachable; `why` in words.
[[nodiscard]] Error tls_error(TlsFailure failure, std::string_view why);

// nullopt for errors that are not TLS's. What stands before and behind its words does not matter.
[[nodiscard]] std::optional<TlsFailure> tls_failure_of(const Error& error) noexcept;

}  // namespace twinzone::net
