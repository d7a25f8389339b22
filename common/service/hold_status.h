// What holds a zone's next version back, in the zone's status.
#pragma once

#include "common/control/status.h"
#include "common/zone/zone_hold.h"

namespace twinzone::service {

// `frozen` or `held` and why, unless the zone has expired, which is worse and keeps its state.
// nullptr changes nothing.
void add_hold(control::ZoneStatus& status, const zone::ZoneHold* hold);

}  // namespace twinzone::service
