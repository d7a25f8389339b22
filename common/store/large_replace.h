// A ReplaceWith whose pages do not fit one bounded transaction: written under a new content id by
// several, between which other zones commit; the last one puts the zone on it, or keeps what is new
// as the held version. Where the zone had a version, the difference to it may be found on the way,
// so that history goes on.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "common/store/pages_ahead.h"
#include "common/store/plan.h"
#include "common/zone/version_encoder.h"

namespace twinzone::store {

// Pages that one of its transactions writes.
inline constexpr std::uint64_t kLargeChunkBytes = std::uint64_t{8} << 20;

// Writer thread only. Borrows the commit. Dead after an error.
class LargeReplace {
  public:
    struct Options {
        std::optional<Verdict> verdict;  // the version is held
        bool compares = false;           // Plan::compares; then there is no verdict yet
        JournalLimits limits;
    };

    // Requires: the commit is a ReplaceWith with a SortedStream.
    LargeReplace(zone::Commit& commit, const Options& options) noexcept;
    ~LargeReplace();
    LargeReplace(const LargeReplace&) = delete;
    LargeReplace& operator=(const LargeReplace&) = delete;

    // Writes one transaction's worth into `batch`, whose environment is `env`; true where that was
    // the last and the zone's record (record()) is written too. The caller commits.
    [[nodiscard]] Result<bool> write_chunk(const EnvironmentPtr& env, Batch& batch);

    // What it writes; 0: nothing yet. To be swept where it fails.
    [[nodiscard]] std::uint32_t content() const noexcept { return content_; }

    [[nodiscard]] const zone::Committed& result() const noexcept { return result_; }
    [[nodiscard]] const ZoneRecord& record() const noexcept { return record_; }
    // What holds the zone back now, where that changed.
    [[nodiscard]] const std::optional<zone::ZoneHold>& hold() const noexcept { return hold_; }
    // Pages of the difference, for a Proposal: where the commit is shared and there is one.
    [[nodiscard]] const std::vector<Bytes>& step_pages() const noexcept { return step_pages_; }

  private:
    struct Comparison;

    Result<void> begin(const EnvironmentPtr& env, Batch& batch);
    Result<void> begin_comparison(const EnvironmentPtr& env, const Batch& batch);
    Result<void> put_pages(Batch& batch, const std::vector<zone::EncodedPage>& pages);
    Result<void> finish(Batch& batch);
    Result<void> judge(const Batch& batch, Plan& plan, std::optional<zone::Diff>& diff);
    Result<void> put_zone(Batch& batch, Plan& plan, const std::optional<zone::Diff>& diff);
    Result<void> put_held(Batch& batch, Plan& plan, const std::optional<zone::Diff>& diff);

    zone::Commit& commit_;
    Options options_;
    std::unique_ptr<Comparison> comparison_;       // with the old content
    std::optional<zone::VersionEncoder> encoder_;  // once begun
    std::optional<PagesAhead> pages_;              // of encoder_
    std::uint32_t content_ = 0;
    ZoneRecord record_;
    std::optional<zone::ZoneHold> hold_;
    std::vector<Bytes> step_pages_;
    zone::Committed result_;
};

}  // namespace twinzone::store
