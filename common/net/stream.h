// A byte stream of the kernel: what TcpStream and UnixStream have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/net/connection.h"

namespace twinzone::net {

class Stream : public Connection {
  public:
    ~Stream() override;

    void start(OnRead on_read, OnClosed on_closed) final;
    using Connection::write;
    void write(std::span<const ByteView> parts, std::shared_ptr<const void> keepalive,
               OnWritten on_written) final;
    void pause_reading() noexcept final;
    void resume_reading() noexcept final;
    void shutdown() noexcept final;
    void close() noexcept final;
    [[nodiscard]] bool is_open() const noexcept final;
    [[nodiscard]] std::size_t queued_bytes() const noexcept final;
    [[nodiscard]] std::uint64_t octets_in() const noexcept final;
    [[nodiscard]] std::uint64_t octets_out() const noexcept final;

    // For this folder's own files.
    struct Core;

  protected:
    explicit Stream(std::shared_ptr<Core> core) noexcept;

    [[nodiscard]] Core& core() noexcept { return *core_; }

  private:
    std::shared_ptr<Core> core_;
};

}  // namespace twinzone::net
