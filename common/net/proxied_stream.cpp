#include "common/net/proxied_stream.h"

#include <utility>

#include "common/net/proxy_header.h"

namespace twinzone::net {

ProxiedStream::ProxiedStream(std::unique_ptr<Connection> stream, OnHeader on_header) noexcept
    : stream_(std::move(stream)), on_header_(std::move(on_header)) {}

ProxiedStream::~ProxiedStream() = default;

void ProxiedStream::start(OnRead on_read, OnClosed on_closed) {
    on_read_ = std::move(on_read);
    on_closed_ = std::move(on_closed);
    stream_->start([this](std::span<std::uint8_t> bytes) { handle_read(bytes); },
                   [this](const Result<void>& ended) {
                       const OnClosed closed = std::exchange(on_closed_, {});
                       closed(ended);
                   });
}

void ProxiedStream::handle_read(std::span<std::uint8_t> bytes) {
    if (header_read_) {
        const OnRead read = on_read_;  // the call may destroy this object
        read(bytes);
        return;
    }
    read_header(bytes);
}

void ProxiedStream::read_header(ByteView bytes) {
    head_.insert(head_.end(), bytes.begin(), bytes.end());
    const Result<std::optional<ProxyHeader>> header = ProxyHeader::read(head_);
    if (!header) {
        static_cast<void>(on_header_(fail(header.error())));
        fail_with(header.error());
        return;
    }
    if (!*header) {
        return;
    }
    header_read_ = true;
    if (!on_header_((*header)->client)) {
        fail_with(Error{Errc::limit, "the client behind the proxy has too many connections"});
        return;
    }
    Bytes rest = std::exchange(head_, {});
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>((*header)->bytes));
    if (!rest.empty()) {
        const OnRead read = on_read_;
        read(rest);
    }
}

void ProxiedStream::fail_with(Error error) {
    stream_->close();
    const OnClosed closed = std::exchange(on_closed_, {});
    closed(fail(std::move(error)));
}

void ProxiedStream::write(std::span<const ByteView> parts, std::shared_ptr<const void> keepalive,
                          OnWritten on_written) {
    stream_->write(parts, std::move(keepalive), std::move(on_written));
}

}  // namespace twinzone::net
