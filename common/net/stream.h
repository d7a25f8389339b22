// A byte stream: what TcpStream and UnixStream have in common. It neither knows messages nor keeps
// times: framing (dns_frames.h), idle timers and limits on queued octets are the owner's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "common/base/bytes.h"
#include "common/base/result.h"

namespace twinzone::net {

// Any function may be called at any time, also within the stream's own callbacks, and so may the
// destructor. No callback is called after close() or the destructor, and none from within a call
// of these functions. Loop thread only; the loop outlives the stream.
class Stream {
  public:
    // `bytes` are borrowed for the call and may be edited in place; at most kMaxReadBytes of them.
    using OnRead = std::function<void(std::span<std::uint8_t> bytes)>;
    // The stream has ended by itself and is closed: called once at most, and after it no other
    // callback. No error: the peer ended it and everything queued was sent. Errc::peer_unreachable:
    // it was cut. Functions passed to the stream are released then, writes that still waited are
    // dropped without a call of their `on_written`.
    using OnClosed = std::function<void(const Result<void>&)>;
    // The kernel has taken the whole write.
    using OnWritten = std::function<void()>;

    static constexpr std::size_t kMaxReadBytes = std::size_t{256} << 10;

    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // Starts reading. Requires: called once, not before the stream is connected; `on_read` is not
    // empty.
    void start(OnRead on_read, OnClosed on_closed);

    // Queues `parts`, in order, behind earlier writes and starts sending. The octets are not
    // copied: they must not change until `on_written`, and what `keepalive` owns lives until the
    // stream no longer needs them, however it ends. `on_written` may be empty. On a closed stream
    // nothing happens.
    void write(std::span<const ByteView> parts, std::shared_ptr<const void> keepalive,
               OnWritten on_written);

    // The same for octets given away.
    void write(Bytes bytes, OnWritten on_written = {});

    // Between the two no on_read is called, and an end of the stream is noticed only by writing.
    void pause_reading() noexcept;
    void resume_reading() noexcept;

    // Requires: connected. Sends the end of the stream when everything queued is sent. Reading goes
    // on until the peer ends its side too, which calls on_closed.
    void shutdown() noexcept;

    // Ends both directions now; what is queued is dropped.
    void close() noexcept;

    // False from close() or the failure on, also before on_closed is called.
    [[nodiscard]] bool is_open() const noexcept;

    // Octets written by the owner and not yet taken by the kernel.
    [[nodiscard]] std::size_t queued_bytes() const noexcept;

    // Octets read, and octets the kernel has taken, so far.
    [[nodiscard]] std::uint64_t octets_in() const noexcept;
    [[nodiscard]] std::uint64_t octets_out() const noexcept;

    // For this folder's own files.
    struct Core;

  protected:
    explicit Stream(std::shared_ptr<Core> core) noexcept;
    ~Stream();

    [[nodiscard]] Core& core() noexcept { return *core_; }

  private:
    std::shared_ptr<Core> core_;
};

}  // namespace twinzone::net
