#include "common/service/client_session.h"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/net/proxy_header.h"

namespace twinzone::service {

namespace {

// Answers and pages that may wait in one connection, in octets: enough to keep the kernel busy
// between two turns of the loop, little enough that a thousand slow readers cost no more than their
// sockets.
constexpr std::size_t kMaxQueuedBytes = std::size_t{1} << 20;

// Octets and messages gathered into one write.
constexpr std::size_t kBatchBytes = std::size_t{1} << 20;
constexpr std::size_t kBatchMessages = 64;

// How often is looked whether a client takes what waits for it; and how long one that takes
// nothing, or never asked, keeps its place where others want it.
constexpr Duration kLookInterval = seconds{1};
constexpr Duration kPatience = seconds{3};

// A transfer that takes longer says so as often.
constexpr Duration kProgressInterval = seconds{10};

// The first batch of a transfer, made on the loop: what is small is answered without a thread.
constexpr std::size_t kFirstBatchBytes = std::size_t{64} << 10;

}  // namespace

// Messages of one write, alive until the kernel took them; with the transfer, which keeps the
// snapshot.
struct ClientSession::Batch {
    Batch(std::shared_ptr<OutgoingTransfer> of, UnixTime at) : transfer(std::move(of)), now(at) {}

    // Takes the next messages of the transfer. On any thread, if nobody else does so meanwhile.
    void fill(std::size_t max_bytes);

    std::shared_ptr<OutgoingTransfer> transfer;
    UnixTime now;
    std::vector<WireMessage> messages;
    Sent sent;             // of the whole transfer, with these
    bool is_last = false;  // nothing comes after them
    std::optional<Error> error;
};

void ClientSession::Batch::fill(std::size_t max_bytes) {
    messages.reserve(kBatchMessages);
    std::size_t bytes = 0;
    while (bytes < max_bytes && messages.size() < kBatchMessages) {
        Result<std::optional<WireMessage>> message = transfer->next(now);
        if (!message) {
            error = std::move(message).error();
            break;
        }
        if (!*message) {
            is_last = true;
            break;
        }
        bytes += (*message)->size();
        messages.push_back(std::move(**message));
    }
    sent = transfer->sent();
}

ClientSession::ClientSession(const Parts& parts, std::unique_ptr<net::Connection> stream,
                             const Endpoint& peer, const SessionLimits& limits, Events events)
    : parts_(parts),
      stream_(std::move(stream)),
      peer_(peer),
      limits_(limits),
      events_(std::move(events)),
      timer_(parts.loop),
      began_(parts.loop.now().instant) {
    stream_->start([this](std::span<std::uint8_t> bytes) { handle_read(bytes); },
                   [this](const Result<void>& ended) {
                       if (!ended && events_.on_failure) {
                           events_.on_failure(ended.error());
                       }
                       end();
                   });
    timer_.arm_after(limits_.first, [this] { check_progress(false); });
}

ClientSession::~ClientSession() {
    if (transfer_) {
        parts_.publisher.transfer_ended();
    }
}

void ClientSession::handle_read(std::span<std::uint8_t> bytes) {
    // What proxies begin with could be the start of a message of 3338 octets, which would be waited
    // for.
    if (!std::exchange(has_read_, true) && net::begins_with_proxy_header(bytes)) {
        events_.on_proxy_fault(peer_);
        end();
        return;
    }
    frames_.feed(bytes);
    take_requests();
}

bool ClientSession::may_take_request() const noexcept {
    return !transfer_ && stream_->queued_bytes() < kMaxQueuedBytes && stream_->is_open();
}

Source ClientSession::source() const {
    Source source{.peer = peer_, .transport = Transport::tcp, .idle = limits_.idle};
    if (const net::TlsPeer* tls = stream_->tls_peer()) {
        source.over_tls = true;
        source.identities = tls->identities;
        source.objection = fmt::format("{}", fmt::join(tls->objections, "; "));
    }
    return source;
}

bool ClientSession::is_waited_for() const noexcept {
    return transfer_ != nullptr || stream_->queued_bytes() > 0;
}

std::optional<Instant> ClientSession::idle_since() const noexcept {
    if (is_waited_for()) {
        return std::nullopt;
    }
    const Instant since = last_request_.value_or(began_);
    const bool has_all = last_request_ && frames_.is_at_boundary();
    const bool is_patient = parts_.loop.now().instant - since < kPatience;
    return has_all || !is_patient ? std::optional{since} : std::nullopt;
}

std::optional<Instant> ClientSession::stalled_since() const noexcept {
    const bool stalls = is_waited_for() && stream_->octets_out() == octets_out_seen_ &&
                        parts_.loop.now().instant - moved_at_ >= kPatience;
    return stalls ? std::optional{moved_at_} : std::nullopt;
}

void ClientSession::close(const std::string& why) {
    if (transfer_) {
        end_transfer(Error{Errc::transfer_limit, why});
    }
    end();
}

void ClientSession::take_requests() {
    while (may_take_request()) {
        Result<std::optional<net::DnsFrames::Message>> message = frames_.next();
        if (!message) {
            end();
            return;
        }
        if (!*message) {
            if (reading_paused_) {
                reading_paused_ = false;
                stream_->resume_reading();
            }
            watch_progress();
            return;
        }
        last_request_ = parts_.loop.now().instant;
        Publisher::Answer answer = parts_.publisher.answer(parts_.loop.now(), source(), **message);
        if (auto* reply = std::get_if<Bytes>(&answer)) {
            stream_->write(net::with_length(*reply), [this] { handle_written(); });
        } else if (auto* transfer = std::get_if<std::unique_ptr<OutgoingTransfer>>(&answer)) {
            begin_transfer(std::move(*transfer));
        }
        events_.on_request();
    }
    frames_.hold();
    if (!reading_paused_ && stream_->is_open()) {
        reading_paused_ = true;
        stream_->pause_reading();
    }
    pump();
}

void ClientSession::begin_transfer(std::unique_ptr<OutgoingTransfer> transfer) {
    transfer_ = std::move(transfer);
    sent_ = {};
    transfer_began_ = parts_.loop.now().instant;
    told_ = transfer_began_;
    last_message_queued_ = false;
    watch_progress();
}

// Keeps the connection's queue filled; called again whenever the kernel took a batch. One batch is
// prepared while the one before is sent.
void ClientSession::pump() {
    if (!transfer_ || is_preparing_ || last_message_queued_ || !stream_->is_open() ||
        stream_->queued_bytes() >= kMaxQueuedBytes) {
        return;
    }
    const auto batch = std::make_shared<Batch>(transfer_, parts_.loop.now().unix);
    if (sent_.messages == 0) {
        batch->fill(kFirstBatchBytes);
        write(batch);
        return;
    }
    is_preparing_ = true;
    parts_.threads.run([batch] { batch->fill(kBatchBytes); },
                       [this, batch, alive = std::weak_ptr{alive_}] {
                           if (!alive.expired() && transfer_ == batch->transfer) {
                               is_preparing_ = false;
                               write(batch);
                           }
                       });
}

void ClientSession::write(const std::shared_ptr<Batch>& batch) {
    sent_ = batch->sent;
    if (batch->error) {
        end_transfer(batch->error);
        end();
        return;
    }
    last_message_queued_ = batch->is_last;
    std::vector<ByteView> parts;
    parts.reserve(batch->messages.size() * 3);
    for (const WireMessage& message : batch->messages) {
        for (const ByteView part : message.parts()) {
            if (!part.empty()) {
                parts.push_back(part);
            }
        }
    }
    stream_->write(parts, batch, [this] { handle_written(); });
    pump();
}

void ClientSession::handle_written() {
    if (transfer_ && last_message_queued_ && stream_->queued_bytes() == 0) {
        end_transfer(std::nullopt);
    }
    if (transfer_) {
        tell_progress();
        pump();
    } else if (reading_paused_) {
        take_requests();
    }
}

void ClientSession::tell_progress() {
    const Instant now = parts_.loop.now().instant;
    if (now - told_ >= kProgressInterval && events_.on_transfer_progress) {
        told_ = now;
        events_.on_transfer_progress({*transfer_, sent_, now - transfer_began_, std::nullopt});
    }
}

void ClientSession::end_transfer(std::optional<Error> error) {
    const std::shared_ptr<OutgoingTransfer> ended = std::exchange(transfer_, nullptr);
    parts_.publisher.transfer_ended();
    is_preparing_ = false;
    events_.on_transfer_end(
        {*ended, sent_, parts_.loop.now().instant - transfer_began_, std::move(error)});
}

void ClientSession::watch_progress() {
    octets_out_seen_ = stream_->octets_out();
    moved_at_ = parts_.loop.now().instant;
    arm_timer();
}

void ClientSession::arm_timer() {
    const bool waited = is_waited_for();
    timer_.arm_after(waited ? std::min(kLookInterval, limits_.transfer_idle) : limits_.idle,
                     [this, waited] { check_progress(waited); });
}

// `waited`: for the client to take something, when this look was planned.
void ClientSession::check_progress(bool waited) {
    const Instant now = parts_.loop.now().instant;
    if (stream_->octets_out() != octets_out_seen_) {
        octets_out_seen_ = stream_->octets_out();
        moved_at_ = now;
    }
    const bool too_long = transfer_ && now - transfer_began_ > limits_.transfer_time;
    const bool stalls = now - moved_at_ >= limits_.transfer_idle;
    if (is_waited_for() ? !stalls && !too_long : waited) {
        arm_timer();
        return;
    }
    if (transfer_) {
        end_transfer(
            Error{Errc::transfer_limit, too_long ? "took longer than the limit transfer-time"
                                                 : "the client took nothing for transfer-idle"});
    }
    end();
}

void ClientSession::end() {
    if (transfer_) {
        end_transfer(Error{Errc::peer_unreachable, "the client closed the connection"});
    }
    timer_.cancel();
    stream_->close();
    const std::function<void()> on_end = events_.on_end;  // outlives this object
    on_end();
}

}  // namespace twinzone::service
