// The page of one zone: all that is known of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "common/dns/serial.h"
#include "common/web/facts.h"
#include "common/web/lag_history.h"

namespace twinzone::web {

// A decision about the zone, as `why` tells it.
struct DecisionRow {
    UnixTime at;
    std::uint32_t times = 1;
    std::string level;     // of the log: "warning", "error" stand out
    std::string text;      // a sentence
    std::string detail{};  // its facts; may be empty
};

// A step of its history, as `history` tells it.
struct VersionRow {
    std::optional<dns::Serial> from;
    dns::Serial to{0};
    std::uint64_t added = 0;
    std::uint64_t removed = 0;
    UnixTime at{};
    std::string source{};
};

// Older steps are left to the verb.
inline constexpr std::size_t kMaxVersionRows = 100;

struct ZoneDetails {
    std::vector<DecisionRow> decisions;  // newest first
    std::vector<VersionRow> versions;    // newest first
    std::string versions_missing;        // why there are none to show, in words; may be empty
};

// `facts` has this one zone.
[[nodiscard]] std::string zone_page(const Facts& facts, const LagHistory& history,
                                    const ZoneDetails& details, unsigned refresh);

// For what is no zone here, and for what is no page.
[[nodiscard]] std::string not_found_page(const Facts& facts, std::string_view what);

}  // namespace twinzone::web
