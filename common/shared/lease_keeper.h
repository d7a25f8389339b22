// Who writes the shared history: one primary at a time, by a lease that PostgreSQL keeps and whose
// end PostgreSQL's clock decides. What is here is only what we may believe of it meanwhile; that an
// append counts is decided by the lease's token, in the transaction that appends.
//
//   waiting --answer: ours--> leading --renewed--> leading
//      ^                        '--another's, or not confirmed for the length of the lease--.
//      '------------------------------------------------------------------------------------'
//
// Sans-I/O. The lease is counted from when we asked, on our monotonic clock: never longer than
// PostgreSQL counts it, also where this process was stopped for a while.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/time.h"

namespace twinzone::shared {

// How long a lease holds and how often it is asked for, so that another primary leads within
// `take_over` of the leader's silence, what it must still catch up with aside.
struct LeaseTimes {
    Duration length{0};
    Duration interval{0};
};
[[nodiscard]] constexpr LeaseTimes lease_times(Duration take_over) noexcept {
    return {.length = take_over * 6 / 10, .interval = take_over / 10};
}

// What PostgreSQL answered to a wish to have or keep the lease.
struct LeaseAnswer {
    bool is_ours = false;
    std::uint64_t token = 0;  // of whoever has it
};

enum class LeaseChange : std::uint8_t { none, gained, lost };

// One thread only.
class LeaseKeeper {
  public:
    explicit LeaseKeeper(LeaseTimes times) noexcept : times_(times) {}

    // A question goes out; handle_answer() or handle_failure() belongs to it.
    void handle_asked(Instant now) noexcept;
    // A new token is a new lease also where the one before was ours: others may have written
    // between the two. It is told as `gained`.
    [[nodiscard]] LeaseChange handle_answer(Instant now, const LeaseAnswer& answer) noexcept;
    void handle_failure() noexcept { asked_at_.reset(); }
    // To be called when next_timeout() is there, before anything is asked.
    [[nodiscard]] LeaseChange handle_time(Instant now) noexcept;
    // The lease is given back, or an append was refused for its token.
    [[nodiscard]] LeaseChange give_up() noexcept;

    [[nodiscard]] bool leads(Instant now) const noexcept { return token_ && now < valid_until_; }
    // Of our lease; 0 where we have none.
    [[nodiscard]] std::uint64_t token() const noexcept { return token_.value_or(0); }

    // True where the next question is due and none is under way.
    [[nodiscard]] bool wants_to_ask(Instant now) const noexcept {
        return !asked_at_ && now >= next_ask_;
    }
    // nullopt: nothing is due before an answer comes, or may be asked for.
    [[nodiscard]] std::optional<Instant> next_timeout(bool may_ask = true) const noexcept;

  private:
    LeaseTimes times_;
    Instant next_ask_{};
    std::optional<Instant> asked_at_;
    std::optional<std::uint64_t> token_;
    Instant valid_until_{};  // where there is a token
};

}  // namespace twinzone::shared
