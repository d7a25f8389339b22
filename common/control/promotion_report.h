// What came of `promote`: for the operator in words, for programs as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/dns/serial.h"

namespace twinzone::control {

struct PromotedZone {
    std::string zone;                   // presentation form with the closing dot
    std::optional<dns::Serial> serial;  // absent: no version
    std::string file;                   // zone file to edit from now on; empty: none was written
    std::string problem;                // empty: done
    bool was_so = false;                // before already
};

struct PromotionReport {
    bool undo = false;     // the zones follow their primaries again
    bool serving = false;  // a daemon goes on serving them
    std::vector<PromotedZone> zones;
    std::string folder;              // of zone files and configuration
    std::string configuration;       // file for twinzone-primary; empty: not written
    std::string problem;             // of the configuration; empty: none
    std::vector<std::string> notes;  // what else to look after, a sentence each

    // True where everything was done.
    [[nodiscard]] bool ok() const noexcept;
};

// Lines for a terminal, with what to do next.
[[nodiscard]] std::string to_text(const PromotionReport& report);

// One line.
[[nodiscard]] std::string to_json(const PromotionReport& report);

}  // namespace twinzone::control
