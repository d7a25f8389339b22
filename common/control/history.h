// What a journal holds of a zone: the model behind `history`, as JSON and as a table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "common/dns/serial.h"

namespace twinzone::control {

// The step that made a version. Absent in the oldest version that can be rebuilt: what came before
// it is not known any more.
struct HistoryStep {
    dns::Serial previous{0};
    UnixTime committed;
    std::uint64_t added = 0;  // records, SOAs not counted
    std::uint64_t removed = 0;
    std::string source;
};

struct HistoryVersion {
    dns::Serial serial{0};
    std::optional<HistoryStep> step;
};

struct History {
    std::string zone;
    std::vector<HistoryVersion> versions;  // newest first; the first is in service
};

// One line, with its end: {"zone":"a.","versions":[{"serial":2,"previous":1,"committed":"…",
// "added":1,"removed":0,"source":"…"},{"serial":1,"previous":null,…}]}.
[[nodiscard]] std::string to_json(const History& history);

[[nodiscard]] std::string to_table(const History& history);

}  // namespace twinzone::control
