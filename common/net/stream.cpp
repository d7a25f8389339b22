#include "common/net/stream.h"

#include <utility>

#include "common/base/assert.h"
#include "common/net/stream_core.h"
#include "common/net/uv_parts.h"

namespace twinzone::net {

Stream::Stream(std::shared_ptr<Core> core) noexcept : core_(std::move(core)) {}

Stream::~Stream() {
    core_->close();
}

void Stream::start(OnRead on_read, OnClosed on_closed) {
    core_->start(std::move(on_read), std::move(on_closed));
}

void Stream::write(std::span<const ByteView> parts, std::shared_ptr<const void> keepalive,
                   OnWritten on_written) {
    core_->write(parts, std::move(keepalive), std::move(on_written));
}

void Stream::pause_reading() noexcept {
    core_->is_paused = true;
    core_->read_while_wanted();
}

void Stream::resume_reading() noexcept {
    core_->is_paused = false;
    core_->read_while_wanted();
}

void Stream::shutdown() noexcept {
    core_->shutdown();
}

void Stream::close() noexcept {
    core_->close();
}

bool Stream::is_open() const noexcept {
    return core_->is_open();
}

std::size_t Stream::queued_bytes() const noexcept {
    return core_->queued_bytes();
}

std::uint64_t Stream::octets_in() const noexcept {
    return core_->octets_in;
}

std::uint64_t Stream::octets_out() const noexcept {
    return core_->octets_given - core_->queued_bytes();
}

}  // namespace twinzone::net
