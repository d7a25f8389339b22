// A connection that a proxy made for somebody: its first octets say for whom (proxy_header.h) and
// are taken off.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/base/ip_address.h"
#include "common/net/connection.h"

namespace twinzone::net {

// What Connection promises holds. Until the header is whole nothing is read. A connection without a
// header ends with Errc::message_malformed.
class ProxiedStream final : public Connection {
  public:
    // Called once, before the first on_read: the client, nullopt where the proxy speaks for itself,
    // or what is wrong with the header. False, and the connection ends.
    using OnHeader = std::function<bool(const Result<std::optional<Endpoint>>& client)>;

    ProxiedStream(std::unique_ptr<Connection> stream, OnHeader on_header) noexcept;
    ~ProxiedStream() override;

    void start(OnRead on_read, OnClosed on_closed) override;
    using Connection::write;
    void write(std::span<const ByteView> parts, std::shared_ptr<const void> keepalive,
               OnWritten on_written) override;
    void pause_reading() noexcept override { stream_->pause_reading(); }
    void resume_reading() noexcept override { stream_->resume_reading(); }
    void shutdown() noexcept override { stream_->shutdown(); }
    void close() noexcept override { stream_->close(); }
    [[nodiscard]] bool is_open() const noexcept override { return stream_->is_open(); }
    [[nodiscard]] std::size_t queued_bytes() const noexcept override {
        return stream_->queued_bytes();
    }
    [[nodiscard]] std::uint64_t octets_in() const noexcept override { return stream_->octets_in(); }
    [[nodiscard]] std::uint64_t octets_out() const noexcept override {
        return stream_->octets_out();
    }

  private:
    void handle_read(std::span<std::uint8_t> bytes);
    void read_header(ByteView bytes);
    void fail_with(Error error);

    std::unique_ptr<Connection> stream_;
    OnHeader on_header_;
    OnRead on_read_;
    OnClosed on_closed_;
    Bytes head_;  // what came of the header so far
    bool header_read_ = false;
};

}  // namespace twinzone::net
