// Counts what the services did, from the same events that event_log.h puts into words.
#pragma once

#include "common/observe/metrics.h"
#include "common/service/announcer.h"
#include "common/service/client_session.h"
#include "common/service/follower_event.h"
#include "common/service/judged.h"
#include "common/service/publisher.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// `store`: what is in service as it happens.
void count_event(observe::Metrics& metrics, const FollowerEvent& event,
                 const zone::VersionStore& store);
// Others than TLS's count nothing.
void count_tls_error(observe::Metrics& metrics, const Error& error);
void count_held(observe::Metrics& metrics, const zone::HeldVersion& held);
void count_judged(observe::Metrics& metrics, const Judged& judged);
void count_transfer_end(observe::Metrics& metrics, const ClientSession::TransferEnd& end);
void count_announced(observe::Metrics& metrics, const Announced& announced);
void count_refusal(observe::Metrics& metrics, const Refusal& refusal);

}  // namespace twinzone::service
