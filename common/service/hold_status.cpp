#include "common/service/hold_status.h"

#include <fmt/format.h>

#include "common/control/calendar.h"
#include "common/service/hold_text.h"

namespace twinzone::service {

void add_hold(control::ZoneStatus& status, const zone::ZoneHold* hold) {
    if (hold == nullptr || (!hold->held && !hold->frozen_since)) {
        return;
    }
    std::string why;
    if (hold->frozen_since) {
        why = fmt::format("frozen since {}", control::to_rfc3339(*hold->frozen_since));
    }
    if (hold->held) {
        why += fmt::format("{}{}, since {}; 'approve' or 'reject' it", why.empty() ? "" : "; ",
                           held_text(*hold->held, status.records),
                           control::to_rfc3339(hold->held->since));
    }
    const bool has_expired = status.state == control::ZoneState::expired;
    const bool has_failed = status.state == control::ZoneState::failed;
    // Of a held version the reason would only say the same again.
    if ((has_expired || has_failed || !hold->held) && !status.reason.empty()) {
        why += fmt::format("; {}", status.reason);
    }
    status.reason = std::move(why);
    if (!has_expired) {
        status.state = hold->frozen_since ? control::ZoneState::frozen : control::ZoneState::held;
    }
    status.lag.reset();
}

}  // namespace twinzone::service
