// The records of a run of pages as one stream: all content of a version, in canonical order.
#pragma once

#include <memory>
#include <optional>

#include "common/zone/page.h"
#include "common/zone/record_stream.h"
#include "common/zone/version_store.h"

namespace twinzone::zone {

// Records are valid until the next call. The snapshot behind the cursor must outlive it. Not
// thread-safe.
class PageRecords : public RecordStream {
  public:
    // Requires: pages is not null.
    explicit PageRecords(std::unique_ptr<PageCursor> pages) noexcept;

    // Errors of the cursor; Errc::store_corrupt for a damaged page.
    [[nodiscard]] Result<std::optional<dns::RecordView>> next() override;

  private:
    std::unique_ptr<PageCursor> pages_;
    std::optional<PageReader> page_;
};

}  // namespace twinzone::zone
