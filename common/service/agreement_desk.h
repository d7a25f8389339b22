// Where the store's writer asks for agreement to a version (store/agreement.h), and waits for the
// loop to have it written into the shared history: pages first, without any lock; then one append
// that either makes all versions of the group part of the history or none.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/net/loop.h"
#include "common/shared/history.h"
#include "common/store/agreement.h"

namespace twinzone::service {

// Thread-safe; shared by both threads.
class AgreementDesk : public std::enable_shared_from_this<AgreementDesk> {
  public:
    using Answer = std::function<void(Result<std::int64_t>)>;

    // What the loop does with a request; the answer is to be given once, on the loop thread.
    struct Clerk {
        // Into a blob, from its part on; nullopt: a new one, whose number is the answer.
        std::function<void(std::optional<std::int64_t> blob, std::int64_t first,
                           const std::vector<Bytes>& pages, const Answer& answer)>
            stage;
        std::function<void(std::int64_t blob, const std::vector<shared::Entry>& entries,
                           const Answer& answer)>
            append;
    };

    // The loop outlives it.
    explicit AgreementDesk(net::Loop& loop) noexcept : loop_(loop) {}

    // Loop thread. Until then, and after close(), nothing is agreed to.
    void open(Clerk clerk);
    // Whoever waits is let go.
    void close();

    // Writer thread: store::Agree. Errors are those of the clerk; Errc::cancelled when closed.
    [[nodiscard]] Result<void> agree(std::span<store::Proposal> proposals);

  private:
    struct Staging;

    [[nodiscard]] Result<void> stage(store::Proposal& proposal, Staging& staging);
    [[nodiscard]] Result<void> put(Bytes page, Staging& staging);
    [[nodiscard]] Result<void> flush(Staging& staging);
    [[nodiscard]] Result<std::int64_t> ask(std::function<void(const Clerk&, const Answer&)> what);

    net::Loop& loop_;
    std::mutex mutex_;
    std::condition_variable answered_;
    std::optional<Clerk> clerk_;  // loop thread
    bool is_open_ = false;
    std::uint64_t asked_ = 0;  // of the request that is waited for
    std::optional<Result<std::int64_t>> answer_;
};

}  // namespace twinzone::service
