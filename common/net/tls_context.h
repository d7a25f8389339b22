// What many TLS connections share: our certificate, whom we believe, and tickets. TLS 1.3 only,
// ALPN "dot" (RFC 9103 §7.1, §7.2; RFC 7858 §3.2). Certificates are read when a context is made:
// to take new ones, make another; connections keep the one they began with.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace twinzone::net {

// PEM files. Both empty: no certificate of our own.
struct TlsCredentials {
    std::string certificate_file;  // with its chain
    std::string key_file;
};

using TlsPin = std::array<std::uint8_t, 32>;  // SHA-256 of a SubjectPublicKeyInfo (RFC 7858 §4.2)

// What a peer's certificate must prove. Everything that is set must hold; with pins and no host,
// the pin alone is the proof (RFC 8310 §6.2) and the chain is not looked at.
struct TlsTrust {
    std::string name;          // how configuration and log call it
    std::string ca_file;       // PEM; empty: the system's authorities
    std::string host;          // in the certificate's subjectAltName; empty: not looked at
    std::vector<TlsPin> pins;  // one of them; empty: not looked at

    [[nodiscard]] bool proves_something() const noexcept { return !host.empty() || !pins.empty(); }
};

// Immutable but for tickets; shared by sessions of the loop thread.
class TlsContext {
  public:
    struct Parts;

    // For the answering side. `clients`: each certificate of a client is held against all of these
    // that prove something. Errc::config_invalid with the file and the reason.
    [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> server(
        const TlsCredentials& credentials, const std::vector<TlsTrust>& clients);

    // For the asking side: the handshake fails unless the server satisfies `trust`. Requires:
    // trust.proves_something().
    [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> client(
        const TlsCredentials& credentials, const TlsTrust& trust);

    explicit TlsContext(std::unique_ptr<Parts> parts) noexcept;
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    // For this folder's own files.
    [[nodiscard]] Parts& parts() const noexcept { return *parts_; }

  private:
    std::unique_ptr<Parts> parts_;
};

}  // namespace twinzone::net
