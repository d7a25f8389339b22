// Whether a remote is worth asking: a dead one costs one probe per back-off interval, not one
// attempt per zone.
//
//   alive --kFailuresToDeath without an answer between--> dead --probe answered--> alive
//                                                   probe in vain: interval doubles
#pragma once

#include <cstdint>

#include "common/base/time.h"

namespace twinzone::transfer {

inline constexpr unsigned kFailuresToDeath = 3;  // one lost datagram says nothing
inline constexpr seconds kFirstProbeInterval{2};
inline constexpr seconds kMaxProbeInterval{60};

// Plain value.
class RemoteHealth {
  public:
    [[nodiscard]] bool dead() const noexcept { return dead_; }

    // Whether an attempt may begin: always while alive, one probe at a time and interval when dead.
    [[nodiscard]] bool may_start(Instant now) const noexcept {
        return !dead_ || (!probing_ && now >= probe_at_);
    }
    // When may_start() becomes true, where only time is needed for that.
    [[nodiscard]] Instant probe_at() const noexcept { return probe_at_; }
    [[nodiscard]] bool probing() const noexcept { return probing_; }

    // An attempt begins; true where it is the probe of a dead remote: hand the same to
    // handle_failure().
    bool handle_start() noexcept;

    // It answered an attempt, be it by a refusal.
    void handle_answer() noexcept { *this = RemoteHealth{}; }

    // No answer.
    void handle_failure(Instant now, bool was_probe) noexcept;

    // An attempt ended without telling anything about the remote.
    void handle_abandoned(bool was_probe) noexcept { probing_ = probing_ && !was_probe; }

  private:
    Instant probe_at_;
    Duration interval_ = kFirstProbeInterval;
    std::uint8_t failures_ = 0;
    bool dead_ = false;
    bool probing_ = false;
};

}  // namespace twinzone::transfer
