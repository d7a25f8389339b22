// Records in canonical order, one after the other: the new content of a zone on its way into the
// store, or the content of a version on its way out of it. The apex SOA is not among them.
#pragma once

#include <optional>

#include "common/base/result.h"
#include "common/dns/record.h"

namespace twinzone::zone {

class RecordStream {
  public:
    virtual ~RecordStream() = default;

    // The next record, valid until the next call; nullopt after the last.
    [[nodiscard]] virtual Result<std::optional<dns::RecordView>> next() = 0;
};

}  // namespace twinzone::zone
