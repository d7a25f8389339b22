// Sends a long text to who asked for it over the control socket: a piece is made on the pool when
// the one before is written, so that neither side holds more than one.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/time.h"
#include "common/control/server.h"
#include "common/net/loop.h"
#include "common/service/zone_text.h"

namespace twinzone::service {

// Loop thread only. Lives as long as the client takes pieces.
class TextReply : public std::enable_shared_from_this<TextReply> {
  public:
    // Opens the text, on the pool.
    using Open = std::function<Result<std::unique_ptr<TextSource>>()>;

    // Borrows the loop.
    TextReply(net::Loop& loop, Open open, control::Reply reply);

    void start() { make_piece(); }

    // Since when the client has not taken the piece that was sent; nullopt: one is being made.
    [[nodiscard]] std::optional<Instant> waits_since() const noexcept { return waits_since_; }

    // Lets go of the text (which may hold a version of the zone), waiting for a piece that is being
    // made. The client is told `why`.
    void cancel(const std::string& why);

  private:
    void make_piece();
    void fill();
    void send_piece();
    void answer(control::Response response);

    net::Loop& loop_;
    std::mutex mutex_;  // over what the pool works on
    Open open_;         // empty once called
    std::unique_ptr<TextSource> source_;
    std::string piece_;
    Result<bool> has_more_{true};
    bool is_over_ = false;
    control::Reply reply_;
    std::optional<Instant> waits_since_;
};

}  // namespace twinzone::service
