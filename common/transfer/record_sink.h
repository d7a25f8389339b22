// Where the records of a full transfer go while they come in, in the order they come: a sorter that
// spills to disk in production, a list in tests. The apex SOA is not among them.
#pragma once

#include "common/base/result.h"
#include "common/dns/record.h"

namespace twinzone::transfer {

class RecordSink {
  public:
    virtual ~RecordSink() = default;

    // Borrows the record for the call. A failure (disk_full …) ends the transfer.
    [[nodiscard]] virtual Result<void> add(const dns::RecordView& record) = 0;
};

}  // namespace twinzone::transfer
