// A ReplaceWith whose pages do not fit one bounded transaction: written under a new content id by
// several, between which other zones commit; the last one puts the zone on it, or keeps it as the
// held version.
#pragma once

#include <memory>
#include <optional>

#include "common/store/pages_ahead.h"
#include "common/store/plan.h"
#include "common/zone/version_encoder.h"

namespace twinzone::store {

// Pages that one of its transactions writes.
inline constexpr std::uint64_t kLargeChunkBytes = std::uint64_t{8} << 20;

// Writer thread only. Borrows the commit. Dead after an error.
class LargeReplace {
  public:
    // Requires: the commit is a ReplaceWith with a SortedStream. `verdict`: the version is held.
    LargeReplace(zone::Commit& commit, const std::optional<Verdict>& verdict) noexcept
        : commit_(commit), verdict_(verdict) {}

    // Writes one transaction's worth into `batch`; true where that was the last and the zone's
    // record (record()) is written too. The caller commits.
    [[nodiscard]] Result<bool> write_chunk(Batch& batch);

    // What it writes; 0: nothing yet. To be swept where it fails.
    [[nodiscard]] std::uint32_t content() const noexcept { return content_; }

    [[nodiscard]] const zone::Committed& result() const noexcept { return result_; }
    [[nodiscard]] const ZoneRecord& record() const noexcept { return record_; }
    // What holds the zone back now, where that changed.
    [[nodiscard]] const std::optional<zone::ZoneHold>& hold() const noexcept { return hold_; }

  private:
    Result<void> begin(Batch& batch);
    Result<void> put_pages(Batch& batch, const std::vector<zone::EncodedPage>& pages);
    Result<void> finish(Batch& batch);
    Result<void> put_zone(Batch& batch, ByteView key);
    void put_held(HoldPlan& plan);

    zone::Commit& commit_;
    std::optional<Verdict> verdict_;
    std::optional<zone::VersionEncoder> encoder_;  // once begun
    std::optional<PagesAhead> pages_;              // of encoder_
    std::uint32_t content_ = 0;
    ZoneRecord record_;
    std::optional<zone::ZoneHold> hold_;
    zone::Committed result_;
};

}  // namespace twinzone::store
