// One TCP connection of a client: requests in, answers and zone transfers out, in order (RFC 7766
// §6.2.1). A client that does not read stops its own transfer's page walk and nobody else's;
// nothing more is read from it until it does.
#pragma once

#include <functional>
#include <memory>

#include "common/base/time.h"
#include "common/net/connection.h"
#include "common/net/dns_frames.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "common/service/publisher.h"
#include "common/service/transfer_threads.h"

namespace twinzone::service {

struct SessionLimits {
    Duration idle{0};           // without a request, from the first one on
    Duration first{0};          // until the first, a TLS handshake included
    Duration transfer_idle{0};  // without an octet taken
    Duration transfer_time{0};  // of one transfer
};

// Loop thread only. Lives until it says that it has ended; the owner then destroys it.
class ClientSession {
  public:
    // How a transfer ended, for log and metrics.
    struct TransferEnd {
        const OutgoingTransfer& transfer;
        Sent sent;
        Duration took{0};
        std::optional<Error> error;
    };
    struct Events {
        std::function<void(const TransferEnd&)> on_transfer_end;
        // Of a transfer that takes long, now and then. May be empty.
        std::function<void(const TransferEnd&)> on_transfer_progress;
        std::function<void()> on_request;  // after each request that was read
        // It began with a proxy's header, and is not from a proxy; on_end follows.
        std::function<void(const Endpoint& peer)> on_proxy_fault;
        // The connection failed by itself; on_end follows. May be empty.
        std::function<void(const Error&)> on_failure;
        std::function<void()> on_end;  // the last call; may destroy the session
    };

    // What all sessions share; outlives them.
    struct Parts {
        net::Loop& loop;
        TransferThreads& threads;
        Publisher& publisher;
    };

    ClientSession(const Parts& parts, std::unique_ptr<net::Connection> stream, const Endpoint& peer,
                  const SessionLimits& limits, Events events);
    ClientSession(const ClientSession&) = delete;
    ClientSession& operator=(const ClientSession&) = delete;
    ~ClientSession();

    // A proxy has said for whom it connected.
    void set_peer(const Endpoint& peer) noexcept { peer_ = peer; }

    [[nodiscard]] bool is_transferring() const noexcept { return transfer_ != nullptr; }
    [[nodiscard]] const Endpoint& peer() const noexcept { return peer_; }

    // Since when a client that was answered has asked nothing more, or one that never asked is
    // here; nullopt where it waits for something, or has only just come. Such a connection may be
    // closed for another's sake (RFC 7766 §6.2.3).
    [[nodiscard]] std::optional<Instant> idle_since() const noexcept;

    // Since when a client has taken nothing of what waits for it; nullopt where nothing does, or it
    // has only just begun to stand still. It may be ended for another's sake too.
    [[nodiscard]] std::optional<Instant> stalled_since() const noexcept;

    // on_end is called within. `why`: where a transfer is under way.
    void close(const std::string& why);

  private:
    struct Batch;

    void handle_read(std::span<std::uint8_t> bytes);
    void take_requests();
    [[nodiscard]] bool may_take_request() const noexcept;
    [[nodiscard]] Source source() const;
    void begin_transfer(std::unique_ptr<OutgoingTransfer> transfer);
    void pump();
    void write(const std::shared_ptr<Batch>& batch);
    void end_transfer(std::optional<Error> error);
    void handle_written();
    void tell_progress();
    [[nodiscard]] bool is_waited_for() const noexcept;
    void watch_progress();
    void arm_timer();
    void check_progress(bool waited);
    void end();

    Parts parts_;
    std::unique_ptr<net::Connection> stream_;
    Endpoint peer_;
    SessionLimits limits_;
    Events events_;
    net::DnsFrames frames_;
    net::Timer timer_;
    std::shared_ptr<OutgoingTransfer> transfer_;
    Sent sent_;                  // of it, by what was given to the stream
    bool is_preparing_ = false;  // a thread has the transfer
    Instant transfer_began_;
    Instant told_;  // last word of its progress
    bool last_message_queued_ = false;
    bool reading_paused_ = false;
    std::optional<Instant> last_request_;
    bool has_read_ = false;
    Instant began_;
    std::uint64_t octets_out_seen_ = 0;
    Instant moved_at_;  // octets_out_seen_ was another before
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what returns from a thread
};

}  // namespace twinzone::service
