// The inside of Stream: one libuv stream handle and what waits on it. Not for other folders.
//
//   connecting --connected--> open --close() or an end--> closing --close callback--> closed
//
// The core outlives its Stream until libuv has closed the handle (`self` holds it that long). What
// ends the stream is stored in `outcome` and told in the close callback, so that no callback ever
// runs within a call of the owner's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "common/net/loop.h"
#include "common/net/stream.h"
#include "common/net/uv_parts.h"

namespace twinzone::net {

struct Stream::Core : std::enable_shared_from_this<Stream::Core> {
    enum class Phase : std::uint8_t { connecting, open, closing, closed };
    enum class Ending : std::uint8_t { none, asked, sent };  // of our side, by shutdown()

    // One write on its way; reused, since a transfer makes one for each megabyte.
    struct Write {
        uv_write_t request{};
        std::shared_ptr<const void> keepalive;
        OnWritten on_written;
    };

    // The handle is initialised, and closed, by whoever calls adopt_handle().
    explicit Core(Loop& on) noexcept : loop(on) {}

    // From here on libuv's close callback frees the core. Requires: one of the handles is
    // initialised.
    void adopt_handle() noexcept;

    [[nodiscard]] uv_stream_t* stream() noexcept { return &handle.stream; }
    [[nodiscard]] bool is_open() const noexcept {
        return phase == Phase::connecting || phase == Phase::open;
    }

    void start(OnRead read, OnClosed closed);
    void write(std::span<const ByteView> parts, std::shared_ptr<const void> keepalive,
               OnWritten on_written);
    void shutdown() noexcept;
    // The owner's close: tells no one.
    void close() noexcept;
    // An end that the owner did not ask for.
    void end(Result<void> with) noexcept;

    void read_while_wanted() noexcept;
    void connected(int status);
    [[nodiscard]] std::size_t queued_bytes() const noexcept;

    Loop& loop;
    union {
        uv_handle_t any;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } handle{};
    uv_connect_t connect_request{};
    uv_shutdown_t shutdown_request{};
    std::shared_ptr<Core> self;

    Phase phase = Phase::open;
    Ending ending = Ending::none;
    bool is_paused = false;
    bool peer_ended = false;
    bool is_silent = false;  // the owner closed or is gone: nothing is told any more
    Result<void> outcome;

    std::function<void(const Result<void>&)> on_connected;
    OnRead on_read;
    OnClosed on_closed;

    std::vector<std::unique_ptr<Write>> idle_writes;
    std::size_t pending_writes = 0;
    std::vector<uv_buf_t> buffers;  // of the write being made; kept for its memory

    std::uint64_t octets_in = 0;
    std::uint64_t octets_given = 0;  // to libuv; what it could not send is taken off at the end

  private:
    [[nodiscard]] std::unique_ptr<Write> take_write();
    void written(std::unique_ptr<Write> write, int status);
    void on_bytes(ssize_t size, const uv_buf_t& buffer);
    void end_if_drained();
    void start_close() noexcept;
    void on_close_done();
};

}  // namespace twinzone::net
