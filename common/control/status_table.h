// `status` for a human: one line a zone, problems first, a column for each peer while there are
// few, and a line that sums it all up.
#pragma once

#include <cstddef>
#include <string>

#include "common/base/time.h"
#include "common/control/status.h"

namespace twinzone::control {

struct TableOptions {
    std::size_t width = 0;  // columns of the terminal; 0: as wide as it takes
    bool color = false;
    UnixTime now;  // for "12 s ago"
};

// Ends in a newline. Holds no control characters but newlines and, with `color`, our own colours.
[[nodiscard]] std::string to_table(const Status& status, const TableOptions& options);

// "ns1 leads; this is ns2, following, no zone known behind". Holds no control characters.
[[nodiscard]] std::string in_words(const SharedStatus& shared);

}  // namespace twinzone::control
