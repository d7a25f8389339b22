// One decision about a zone: its reason and the facts it was made from. Every line of the log that
// is about a zone is one; the last of each zone are kept for `why`.
#pragma once

#include <string>
#include <string_view>

#include "common/base/time.h"
#include "common/observe/event_text.h"
#include "common/service/reason.h"

namespace twinzone::service {

// How a transfer is called in a line.
enum class TransferLabel : std::uint8_t { none, axfr, ixfr, axfr_style_ixfr };

struct Decision {
    Reason reason{};
    TransferLabel transfer = TransferLabel::none;
    observe::EventFacts facts{};
    std::string line{};  // the log's words, where they are not made of the facts
};

// "IXFR"; empty for none.
[[nodiscard]] std::string_view label_text(TransferLabel label) noexcept;

// The line of the log, without level and zone.
[[nodiscard]] std::string log_text(const Decision& decision);

// A decision as it is kept. The same again is counted and not kept twice.
struct KeptDecision {
    Decision decision;
    UnixTime at;     // the last time
    UnixTime first;  // the first time
    std::uint32_t times = 1;
};

}  // namespace twinzone::service
