// A TLS connection over TCP (RFC 9103): a TlsSession bound to a TcpStream.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/base/ip_address.h"
#include "common/net/connection.h"
#include "common/net/loop.h"
#include "common/net/tcp_stream.h"
#include "common/net/tls_context.h"

namespace twinzone::net {

// What Connection promises holds. Octets are encrypted as they are written: `keepalive` is not
// needed beyond the call. Writes before the end of the handshake wait for it.
class TlsStream final : public Connection {
  public:
    // As TcpStream::connect(); `on_connected` comes after the handshake, or with its error.
    [[nodiscard]] static std::unique_ptr<TlsStream> connect(
        Loop& loop, const Endpoint& to, const std::optional<IpAddress>& source,
        std::shared_ptr<const TlsContext> context,
        std::function<void(const Result<void>&)> on_connected);

    // The answering side. The handshake begins with start(); until it is over nothing is read.
    [[nodiscard]] static std::unique_ptr<TlsStream> accept(
        Loop& loop, std::unique_ptr<Connection> stream, std::shared_ptr<const TlsContext> context);

    ~TlsStream() override;

    void start(OnRead on_read, OnClosed on_closed) override;
    using Connection::write;
    void write(std::span<const ByteView> parts, std::shared_ptr<const void> keepalive,
               OnWritten on_written) override;
    void pause_reading() noexcept override;
    void resume_reading() noexcept override;
    void shutdown() noexcept override;
    void close() noexcept override;
    [[nodiscard]] bool is_open() const noexcept override;
    [[nodiscard]] std::size_t queued_bytes() const noexcept override;
    [[nodiscard]] std::uint64_t octets_in() const noexcept override;
    [[nodiscard]] std::uint64_t octets_out() const noexcept override;
    [[nodiscard]] const TlsPeer* tls_peer() const noexcept override;

  private:
    struct Core;
    explicit TlsStream(std::shared_ptr<Core> core) noexcept;

    std::shared_ptr<Core> core_;
};

}  // namespace twinzone::net
