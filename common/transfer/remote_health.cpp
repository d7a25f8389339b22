#include "common/transfer/remote_health.h"

#include <algorithm>

namespace twinzone::transfer {

bool RemoteHealth::handle_start() noexcept {
    if (!dead_ || probing_) {
        return false;
    }
    probing_ = true;
    return true;
}

void RemoteHealth::handle_failure(Instant now, bool was_probe) noexcept {
    if (dead_) {
        // Attempts that began before it died tell nothing new.
        if (was_probe) {
            probing_ = false;
            interval_ = std::min<Duration>(interval_ * 2, kMaxProbeInterval);
            probe_at_ = now + interval_;
        }
        return;
    }
    ++failures_;
    if (failures_ >= kFailuresToDeath) {
        dead_ = true;
        probe_at_ = now + interval_;
    }
}

}  // namespace twinzone::transfer
