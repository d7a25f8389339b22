// What the cores report, as decisions: which reason it is and which facts belong to it.
#pragma once

#include <vector>

#include "common/service/announcer.h"
#include "common/service/client_session.h"
#include "common/service/decision.h"
#include "common/service/follower_event.h"
#include "common/service/judged.h"

namespace twinzone::service {

// Several where one event is several things worth knowing.
[[nodiscard]] std::vector<Decision> decisions_of(const FollowerEvent& event);
[[nodiscard]] Decision decision_of(const Announced& announced);
[[nodiscard]] Decision decision_of(const zone::HeldVersion& held);
[[nodiscard]] Decision decision_of(const ClientSession::TransferEnd& end);
[[nodiscard]] std::vector<Decision> decisions_of(const Judged& judged);
[[nodiscard]] Decision progress_of(const ClientSession::TransferEnd& so_far);

}  // namespace twinzone::service
