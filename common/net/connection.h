// A two-way byte stream to a peer, plain or over TLS: what its users see of it. It neither knows
// messages nor keeps times: framing (dns_frames.h), idle timers and limits on queued octets are the
// owner's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/net/tls_peer.h"

namespace twinzone::net {

// Any function may be called at any time, also within the stream's own callbacks, and so may the
// destructor. No callback is called after close() or the destructor, and none from within a call
// of these functions. Loop thread only; the loop outlives the stream.
class Connection {
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

    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    virtual ~Connection() = default;

    // Starts reading. Requires: called once, not before the stream is connected; `on_read` is not
    // empty.
    virtual void start(OnRead on_read, OnClosed on_closed) = 0;

    // Queues `parts`, in order, behind earlier writes and starts sending. The octets are not
    // copied: they must not change until `on_written`, and what `keepalive` owns lives until the
    // stream no longer needs them, however it ends. `on_written` may be empty. On a closed stream
    // nothing happens.
    virtual void write(std::span<const ByteView> parts, std::shared_ptr<const void> keepalive,
                       OnWritten on_written) = 0;

    // The same for octets given away.
    void write(Bytes bytes, OnWritten on_written = {});

    // Between the two no on_read is called, and an end of the stream is noticed only by writing.
    virtual void pause_reading() noexcept = 0;
    virtual void resume_reading() noexcept = 0;

    // Requires: connected. Sends the end of the stream when everything queued is sent. Reading goes
    // on until the peer ends its side too, which calls on_closed.
    virtual void shutdown() noexcept = 0;

    // Ends both directions now; what is queued is dropped.
    virtual void close() noexcept = 0;

    // False from close() or the failure on, also before on_closed is called.
    [[nodiscard]] virtual bool is_open() const noexcept = 0;

    // Octets written by the owner and not yet taken by the kernel.
    [[nodiscard]] virtual std::size_t queued_bytes() const noexcept = 0;

    // Octets read, and octets the kernel has taken, so far.
    [[nodiscard]] virtual std::uint64_t octets_in() const noexcept = 0;
    [[nodiscard]] virtual std::uint64_t octets_out() const noexcept = 0;

    // Who the peer is by its certificate; null where the stream is plain, or the handshake is not
    // over.
    [[nodiscard]] virtual const TlsPeer* tls_peer() const noexcept { return nullptr; }
};

}  // namespace twinzone::net
