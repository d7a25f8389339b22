#include "common/net/tls_stream.h"

#include <array>
#include <utility>
#include <vector>

#include "common/net/tls_failure.h"
#include "common/net/tls_session.h"

namespace twinzone::net {

namespace {

constexpr std::size_t kReadBytes = std::size_t{16} * 1024;  // the most one TLS record holds

}  // namespace

// Outlives its TlsStream only while one of its own functions runs.
struct TlsStream::Core : std::enable_shared_from_this<TlsStream::Core> {
    struct Write {
        Bytes plain;
        OnWritten on_written;
    };

    Core(Loop& on, std::shared_ptr<const TlsContext> context)
        : loop(on), session(std::move(context)) {}

    void run();  // starts the handshake
    void handle_wire(ByteView wire);
    void handle_tcp_end(const Result<void>& end);
    void handle_open();
    void write(Write write);
    void flush(OnWritten on_written = {});
    void deliver();
    void finish_if_ended();
    void end(const Result<void>& with);
    void end_later(Error error);
    void close() noexcept;

    Loop& loop;
    std::unique_ptr<Connection> tcp;
    TlsSession session;
    std::function<void(const Result<void>&)> on_connected;
    OnRead on_read;
    OnClosed on_closed;
    std::vector<Write> waiting;  // for the end of the handshake
    std::size_t waiting_bytes = 0;
    std::uint64_t octets_read = 0;
    bool is_paused = false;
    bool is_closed = false;
};

void TlsStream::Core::run() {
    tcp->start([this](std::span<std::uint8_t> wire) { handle_wire(wire); },
               [this](const Result<void>& end) { handle_tcp_end(end); });
}

void TlsStream::Core::handle_wire(ByteView wire) {
    if (is_closed) {
        return;
    }
    const std::shared_ptr<Core> alive = shared_from_this();
    const bool was_open = session.is_open();
    const Result<void> received = session.receive(wire);
    flush();
    if (!received) {
        end(received);
        return;
    }
    if (!was_open && session.is_open()) {
        handle_open();
    }
    deliver();
}

void TlsStream::Core::handle_open() {
    for (Write& write : std::exchange(waiting, {})) {
        this->write(std::move(write));
    }
    waiting_bytes = 0;
    if (on_connected) {
        std::exchange(on_connected, {})({});
    }
}

void TlsStream::Core::deliver() {
    std::array<std::uint8_t, kReadBytes> octets;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    while (session.is_open() && !is_closed && !is_paused && on_read) {
        const Result<std::size_t> size = session.read(octets);
        if (!size) {
            flush();
            end(fail(size.error()));
            return;
        }
        if (*size == 0) {
            flush();  // an answer to a key update
            finish_if_ended();
            return;
        }
        octets_read += *size;
        on_read({octets.data(), *size});
    }
}

// The peer's end is told once everything queued is sent, as a plain stream does.
void TlsStream::Core::finish_if_ended() {
    if (session.peer_ended() && tcp->queued_bytes() == 0) {
        end({});
    }
}

void TlsStream::Core::handle_tcp_end(const Result<void>& closed) {
    const std::shared_ptr<Core> alive = shared_from_this();
    if (!closed || session.peer_ended()) {
        end(closed);
    } else {
        end(session.is_open() ? fail(Errc::peer_unreachable, "TLS: the connection was cut")
                              : fail(tls_error(TlsFailure::handshake, "the connection was cut")));
    }
}

void TlsStream::Core::write(Write write) {
    if (!session.is_open()) {
        waiting_bytes += write.plain.size();
        waiting.push_back(std::move(write));
        return;
    }
    if (Result<void> written = session.write(write.plain); !written) {
        end_later(std::move(written).error());
        return;
    }
    flush(std::move(write.on_written));
}

void TlsStream::Core::flush(OnWritten on_written) {
    Bytes output = session.take_output();
    if (output.empty() || is_closed) {
        return;
    }
    tcp->write(std::move(output), [this, told = std::move(on_written)] {
        const std::shared_ptr<Core> alive = shared_from_this();
        if (told && !is_closed) {
            told();
        }
        if (!is_closed) {
            finish_if_ended();
        }
    });
}

void TlsStream::Core::end(const Result<void>& with) {
    if (is_closed) {
        return;
    }
    const auto connected = std::exchange(on_connected, {});
    const auto closed = std::exchange(on_closed, {});
    // What is queued still leaves: an alert tells the peer why.
    is_closed = true;
    on_read = {};
    tcp->shutdown();
    if (connected) {
        connected(with ? Result<void>{fail(Errc::peer_unreachable, "TLS: the peer ended")} : with);
    } else if (closed) {
        closed(with);
    }
}

void TlsStream::Core::end_later(Error error) {
    loop.post([weak = weak_from_this(), error = std::move(error)] {
        if (const std::shared_ptr<Core> core = weak.lock()) {
            core->end(fail(error));
        }
    });
}

void TlsStream::Core::close() noexcept {
    is_closed = true;
    on_connected = {};
    on_read = {};
    on_closed = {};
    waiting.clear();
    tcp->close();
}

std::unique_ptr<TlsStream> TlsStream::connect(
    Loop& loop, const Endpoint& to, const std::optional<IpAddress>& source,
    std::shared_ptr<const TlsContext> context,
    std::function<void(const Result<void>&)> on_connected) {
    auto core = std::make_shared<Core>(loop, std::move(context));
    core->on_connected = std::move(on_connected);
    core->tcp =
        TcpStream::connect(loop, to, source, [raw = core.get()](const Result<void>& connected) {
            const std::shared_ptr<Core> alive = raw->shared_from_this();
            if (!connected) {
                raw->end(connected);
                return;
            }
            raw->run();
            raw->handle_wire({});
        });
    return std::unique_ptr<TlsStream>{new TlsStream{std::move(core)}};
}

std::unique_ptr<TlsStream> TlsStream::accept(Loop& loop, std::unique_ptr<Connection> stream,
                                             std::shared_ptr<const TlsContext> context) {
    auto core = std::make_shared<Core>(loop, std::move(context));
    core->tcp = std::move(stream);
    return std::unique_ptr<TlsStream>{new TlsStream{std::move(core)}};
}

TlsStream::TlsStream(std::shared_ptr<Core> core) noexcept : core_(std::move(core)) {}

TlsStream::~TlsStream() {
    core_->close();
}

void TlsStream::start(OnRead on_read, OnClosed on_closed) {
    const bool is_server = !core_->session.is_open();
    core_->on_read = std::move(on_read);
    core_->on_closed = std::move(on_closed);
    if (is_server) {
        core_->run();
    }
}

void TlsStream::write(std::span<const ByteView> parts, std::shared_ptr<const void>,
                      OnWritten on_written) {
    if (core_->is_closed) {
        return;
    }
    Core::Write write{.plain = {}, .on_written = std::move(on_written)};
    for (const ByteView part : parts) {
        write.plain.insert(write.plain.end(), part.begin(), part.end());
    }
    core_->write(std::move(write));
}

void TlsStream::pause_reading() noexcept {
    core_->is_paused = true;
    core_->tcp->pause_reading();
}

void TlsStream::resume_reading() noexcept {
    core_->is_paused = false;
    core_->tcp->resume_reading();
    // What was decrypted before the pause; not from within this call.
    core_->loop.post([weak = core_->weak_from_this()] {
        if (const std::shared_ptr<Core> core = weak.lock()) {
            core->deliver();
        }
    });
}

void TlsStream::shutdown() noexcept {
    core_->session.end();
    core_->flush();
    core_->tcp->shutdown();
}

void TlsStream::close() noexcept {
    core_->close();
}

bool TlsStream::is_open() const noexcept {
    return !core_->is_closed && core_->tcp->is_open();
}

std::size_t TlsStream::queued_bytes() const noexcept {
    return core_->waiting_bytes + core_->tcp->queued_bytes();
}

std::uint64_t TlsStream::octets_in() const noexcept {
    return core_->octets_read;
}

std::uint64_t TlsStream::octets_out() const noexcept {
    return core_->tcp->octets_out();
}

const TlsPeer* TlsStream::tls_peer() const noexcept {
    return core_->session.is_open() ? &core_->session.peer() : nullptr;
}

}  // namespace twinzone::net
