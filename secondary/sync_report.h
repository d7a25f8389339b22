// What a sync says of the zones that are not in step: a mail that cron sends, to be understood
// without knowing more.
#pragma once

#include <string>

#include "secondary/sync_outcome.h"

namespace twinzone::secondary {

// Who speaks.
struct Reporter {
    std::string host;
    std::string command;  // how the sync is repeated by hand, for one zone: "… sync -c FILE"
};

// More zones than this are named, not described: it is a mail.
inline constexpr std::size_t kMaxDescribed = 20;
// And more than this are only counted.
inline constexpr std::size_t kMaxNamed = 200;

// Empty where every zone is in step (or forgiven). Ends with a newline.
[[nodiscard]] std::string report_text(const SyncOutcome& outcome, const Reporter& reporter);

// What an operator does about it, one sentence.
[[nodiscard]] std::string advice_for(const ZoneOutcome& zone);

}  // namespace twinzone::secondary
