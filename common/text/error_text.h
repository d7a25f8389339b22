// The text of a fault for the operator: place, reason, source line with a caret, and the files that
// include this one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/text/fault.h"

namespace twinzone::text {

// Where an entry came from.
struct FilePlace {
    std::string_view file;
    std::uint64_t line = 0;  // counted from 1
};

struct FaultContext {
    FilePlace place;                       // of the entry's first line
    std::string_view text;                 // from the start of that line on; the fault lies within
    std::vector<FilePlace> included_from;  // innermost first
    std::string generated;  // not empty: the entry is no line of the file but made by it
};

[[nodiscard]] std::string error_text(const Fault& fault, const FaultContext& context);

}  // namespace twinzone::text
