#include "common/net/stream_core.h"

#include <utility>

#include "common/base/assert.h"

namespace twinzone::net {

void Stream::Core::adopt_handle() noexcept {
    handle.any.data = this;
    self = shared_from_this();
}

void Stream::Core::start(OnRead read, OnClosed closed) {
    TWINZONE_ASSERT(read && !on_read && phase != Phase::connecting);
    if (phase == Phase::closed) {
        // It failed between accept and here, and the close callback found no one to tell.
        loop.post([weak = weak_from_this(), told = std::move(closed)] {
            const std::shared_ptr<Core> core = weak.lock();
            if (core && !core->is_silent) {
                told(core->outcome);
            }
        });
        return;
    }
    on_read = std::move(read);
    on_closed = std::move(closed);
    read_while_wanted();
}

void Stream::Core::read_while_wanted() noexcept {
    if (phase != Phase::open || !on_read || peer_ended) {
        return;
    }
    if (is_paused) {
        uv_read_stop(stream());
        return;
    }
    const int status = uv_read_start(
        stream(),
        [](uv_handle_t* reader, std::size_t, uv_buf_t* buffer) noexcept {
            *buffer = uv_buf_init(read_buffer(reader), kMaxReadBytes);
        },
        [](uv_stream_t* reader, ssize_t size, const uv_buf_t* buffer) noexcept {
            static_cast<Core*>(reader->data)->on_bytes(size, *buffer);
        });
    if (status != 0 && status != UV_EALREADY) {
        end(fail(uv_error(status, "read")));
    }
}

void Stream::Core::on_bytes(ssize_t size, const uv_buf_t& buffer) {
    if (size == 0) {
        return;  // EAGAIN
    }
    if (size == UV_EOF) {
        peer_ended = true;
        end_if_drained();
        return;
    }
    if (size < 0) {
        end(fail(uv_error(static_cast<int>(size), "read")));
        return;
    }
    const auto count = static_cast<std::size_t>(size);
    octets_in += count;
    // on_read stays whole during the call even if the owner is destroyed in it: it is released in
    // the close callback.
    on_read({reinterpret_cast<std::uint8_t*>(buffer.base), count});
}

std::unique_ptr<Stream::Core::Write> Stream::Core::take_write() {
    if (idle_writes.empty()) {
        return std::make_unique<Write>();
    }
    std::unique_ptr<Write> write = std::move(idle_writes.back());
    idle_writes.pop_back();
    return write;
}

void Stream::Core::write(std::span<const ByteView> parts, std::shared_ptr<const void> keepalive,
                         OnWritten on_written) {
    if (!is_open() || ending != Ending::none) {
        return;
    }
    buffers.clear();
    std::size_t total = 0;
    for (const ByteView& part : parts) {
        if (!part.empty()) {
            // libuv's buffers are never const; it only reads those it writes.
            buffers.push_back(
                uv_buf_init(reinterpret_cast<char*>(const_cast<std::uint8_t*>(part.data())),
                            static_cast<unsigned>(part.size())));
            total += part.size();
        }
    }
    if (buffers.empty()) {
        buffers.push_back(uv_buf_init(nullptr, 0));
    }
    std::unique_ptr<Write> write = take_write();
    write->keepalive = std::move(keepalive);
    write->on_written = std::move(on_written);
    write->request.data = write.get();
    // Sends what the socket takes now; the rest when it is writable again. The callback always
    // comes from the loop, never from within.
    const int status =
        uv_write(&write->request, stream(), buffers.data(), static_cast<unsigned>(buffers.size()),
                 [](uv_write_t* request, int result) noexcept {
                     auto* done = static_cast<Write*>(request->data);
                     static_cast<Core*>(request->handle->data)
                         ->written(std::unique_ptr<Write>{done}, result);
                 });
    if (status != 0) {
        end(fail(uv_error(status, "write")));
        return;
    }
    static_cast<void>(write.release());  // libuv has it until the callback above
    octets_given += total;
    ++pending_writes;
}

void Stream::Core::written(std::unique_ptr<Write> write, int status) {
    --pending_writes;
    const OnWritten on_written = std::exchange(write->on_written, nullptr);
    write->keepalive.reset();
    if (!is_open()) {
        return;
    }
    idle_writes.push_back(std::move(write));
    if (status != 0) {
        end(fail(uv_error(status, "write")));
        return;
    }
    if (on_written) {
        on_written();
    }
    end_if_drained();
}

void Stream::Core::shutdown() noexcept {
    if (!is_open() || ending != Ending::none) {
        return;
    }
    ending = Ending::asked;
    const int status =
        uv_shutdown(&shutdown_request, stream(), [](uv_shutdown_t* request, int result) noexcept {
            auto* core = static_cast<Core*>(request->handle->data);
            if (!core->is_open()) {
                return;
            }
            core->ending = Ending::sent;
            if (result != 0) {
                core->end(fail(uv_error(result, "shutdown")));
            }
            core->end_if_drained();
        });
    if (status != 0) {
        end(fail(uv_error(status, "shutdown")));
    }
}

void Stream::Core::connected(int status) {
    if (!is_open()) {
        return;
    }
    if (status != 0) {
        end(fail(uv_error(status, "connect")));
        return;
    }
    phase = Phase::open;
    const std::function<void(const Result<void>&)> told = std::exchange(on_connected, nullptr);
    told({});
}

void Stream::Core::end_if_drained() {
    if (peer_ended && pending_writes == 0 && ending != Ending::asked) {
        end({});
    }
}

void Stream::Core::end(Result<void> with) noexcept {
    if (is_open()) {
        outcome = std::move(with);
        start_close();
    }
}

void Stream::Core::close() noexcept {
    is_silent = true;
    if (is_open()) {
        start_close();
    }
}

void Stream::Core::start_close() noexcept {
    octets_given -= queued_bytes();
    phase = Phase::closing;
    uv_close(&handle.any, [](uv_handle_t* closed) noexcept {
        static_cast<Core*>(closed->data)->on_close_done();
    });
}

void Stream::Core::on_close_done() {
    const std::shared_ptr<Core> until_return = std::move(self);
    phase = Phase::closed;
    // Released here, whoever holds the stream: they may own what owns the stream.
    const OnRead read = std::exchange(on_read, nullptr);
    const OnClosed closed = std::exchange(on_closed, nullptr);
    const std::function<void(const Result<void>&)> told = std::exchange(on_connected, nullptr);
    idle_writes.clear();
    if (is_silent) {
        return;
    }
    if (told) {
        told(outcome);
    } else if (closed) {
        closed(outcome);
    }
}

std::size_t Stream::Core::queued_bytes() const noexcept {
    return is_open() ? uv_stream_get_write_queue_size(&handle.stream) : 0;
}

}  // namespace twinzone::net
