// Large content that is replaced, on threads beside the writer's: the old records are read ahead of
// who compares them with the new ones, and the new pages made ahead of who writes them, also while
// a transaction is synced.
#pragma once

#include <vector>

#include "common/base/result.h"
#include "common/store/ahead.h"
#include "common/zone/record_list.h"
#include "common/zone/record_stream.h"
#include "common/zone/version_encoder.h"

namespace twinzone::store {

// Borrows the encoder, which nobody else uses before the end or before this is gone.
class PagesAhead {
  public:
    explicit PagesAhead(zone::VersionEncoder& encoder);

    // Some pages, in order; none: that were all. Waits for them. Errors of the encoder.
    [[nodiscard]] Result<std::vector<zone::EncodedPage>> next() { return pages_.next(); }

  private:
    Ahead<std::vector<zone::EncodedPage>> pages_;
};

// The records of another stream, which nobody else uses before this is gone.
class RecordsAhead final : public zone::RecordStream {
  public:
    explicit RecordsAhead(zone::RecordStream& from);

    [[nodiscard]] Result<std::optional<dns::RecordView>> next() override;

  private:
    Ahead<zone::RecordList> records_;
    zone::RecordList batch_;
    std::size_t at_ = 0;  // in batch_
    bool ended_ = false;
};

}  // namespace twinzone::store
