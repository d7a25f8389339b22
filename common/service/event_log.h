// The words of what the services did, in the log's grammar: one event a line, facts at the end.
#pragma once

#include "common/base/time.h"
#include "common/observe/log.h"
#include "common/service/announcer.h"
#include "common/service/client_session.h"
#include "common/service/follower_event.h"
#include "common/service/publisher.h"

namespace twinzone::service {

void log_event(observe::Log& log, const FollowerEvent& event);
void log_held(observe::Log& log, const dns::Name& zone, const zone::HeldVersion& held);
void log_transfer_end(observe::Log& log, const ClientSession::TransferEnd& end);
void log_announced(observe::Log& log, const Announced& announced);
void log_refusal(observe::Log& log, const Refusal& refusal, Instant now);

}  // namespace twinzone::service
