// The verb `why`: the decisions about a zone that were kept, in words or as JSON.
#pragma once

#include <string>
#include <vector>

#include "common/dns/name.h"
#include "common/service/decision.h"

namespace twinzone::service {

// One decision a line, the oldest first:
//   2026-01-02T03:04:05Z  the primary has a newer serial; it is fetched
//                         remote 192.0.2.1@53, serial 7 -> 9
[[nodiscard]] std::string why_text(const dns::Name& zone, const std::vector<KeptDecision>& kept);

// {"zone","decisions":[{"time","reason","text",…facts…,"times","first"}]}; "times" and "first"
// where it was decided more than once.
[[nodiscard]] std::string why_json(const dns::Name& zone, const std::vector<KeptDecision>& kept);

// A decision's facts in words: the line of the log without what it is about.
[[nodiscard]] std::string facts_text(const Decision& decision);

}  // namespace twinzone::service
