// One TLS connection without its socket: octets of the wire in and out, octets of the owner in and
// out. No I/O, no clock but OpenSSL's for certificates.
//
//   shaking hands --peer's Finished, ALPN "dot", certificate satisfies--> open --> ended
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/net/tls_context.h"
#include "common/net/tls_peer.h"

namespace twinzone::net {

// Not thread-safe; dead after an error. Every error is Errc::peer_unreachable with the reason in
// words. After each call take_output() may have something for the wire, also after an error (an
// alert says why).
class TlsSession {
  public:
    explicit TlsSession(std::shared_ptr<const TlsContext> context);
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    // Takes octets from the wire (none to begin with: a client then speaks first) and goes on with
    // the handshake.
    [[nodiscard]] Result<void> receive(ByteView wire);

    [[nodiscard]] bool is_open() const noexcept { return is_open_; }

    // Whom the peer proved to be. Requires: is_open().
    [[nodiscard]] const TlsPeer& peer() const noexcept { return peer_; }

    // True where a ticket of an earlier connection was taken (RFC 8446 §2.2).
    [[nodiscard]] bool is_resumed() const noexcept;

    // What the peer sent, in pieces; 0: no more now.
    [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> into);

    // The peer said that it sends no more (close_notify). Without, an end is a cut.
    [[nodiscard]] bool peer_ended() const noexcept;

    // Requires: is_open().
    [[nodiscard]] Result<void> write(ByteView plain);

    // Says that we send no more.
    void end() noexcept;

    [[nodiscard]] Bytes take_output();

  private:
    struct State;

    [[nodiscard]] Result<void> shake_hands();
    [[nodiscard]] Result<void> judge_peer();

    std::shared_ptr<const TlsContext> context_;
    std::unique_ptr<State> state_;
    bool is_open_ = false;
    TlsPeer peer_;
};

}  // namespace twinzone::net
