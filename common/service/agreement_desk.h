// Where the store's writer asks for agreement to a version (store/agreement.h), and waits for the
// loop to have it written into the shared history (agreement.h).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "common/net/loop.h"
#include "common/service/agreement.h"

namespace twinzone::service {

// Thread-safe; shared by both threads.
class AgreementDesk : public std::enable_shared_from_this<AgreementDesk> {
  public:
    using Answer = std::function<void(Result<std::int64_t>)>;

    // What the loop does with a request; the answer is to be given once, on the loop thread.
    using Clerk = std::function<void(const AgreementRequest& request, const Answer& answer)>;

    // The loop outlives it.
    explicit AgreementDesk(net::Loop& loop) noexcept : loop_(loop) {}

    // Loop thread. Until then, and after close(), nothing is agreed to.
    void open(Clerk clerk);
    // Whoever waits is let go.
    void close();

    // Writer thread: store::Agree. Errors are those of the clerk; Errc::cancelled when closed.
    [[nodiscard]] Result<void> agree(std::span<store::Proposal> proposals);

  private:
    [[nodiscard]] Result<std::int64_t> ask(AgreementRequest request);

    net::Loop& loop_;
    std::mutex mutex_;
    std::condition_variable answered_;
    std::optional<Clerk> clerk_;  // loop thread
    bool is_open_ = false;
    std::uint64_t asked_ = 0;  // of the request that is waited for
    std::optional<Result<std::int64_t>> answer_;
};

}  // namespace twinzone::service
