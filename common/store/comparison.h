// New content of a zone beside the one in service: what differs, whether that is too much to be
// edited where it stands, what the guard says.
#pragma once

#include <cstdint>
#include <optional>

#include "common/store/environment.h"
#include "common/store/hold_plan.h"
#include "common/store/zone_record.h"

namespace twinzone::store {

// The most memory that the difference between old and new content may take; a larger one cuts
// history.
inline constexpr std::size_t kMaxDiffBytes = std::size_t{64} << 20;
// What is allowed even where the zone is smaller than that.
inline constexpr std::size_t kMinDiffBytes = std::size_t{64} << 10;

// The most octets of pages that are edited where they stand, all in one transaction; where a
// difference would write more, whole content comes in place of the old.
inline constexpr std::uint64_t kMaxEditedBytes = std::uint64_t{16} << 20;

// The most that the difference to this version may take.
[[nodiscard]] std::size_t max_diff_bytes(const zone::Version& version) noexcept;

// Foretells from the changes met so far how many pages an edit of the whole would write. Plain
// value.
class EditForecast {
  public:
    explicit EditForecast(const zone::Version& version) noexcept;

    // `met` records of the version were compared, with `edits` found so far. Both only grow.
    void note(std::uint64_t met, std::uint64_t edits) noexcept;

    // More than kMaxEditedBytes.
    [[nodiscard]] bool much() const noexcept { return much_; }

  private:
    std::uint64_t page_records_;  // a page has about so many
    std::uint64_t pages_;
    std::uint64_t next_page_;       // met records at which the page that is looked at ends
    std::uint64_t seen_ = 0;        // pages
    std::uint64_t hit_ = 0;         // of those, with a change
    std::uint64_t hit_before_ = 0;  // when the stretch began that is looked at now
    std::uint64_t edits_ = 0;
    bool much_ = false;
};

struct Difference {
    bool much = false;                 // to be edited: it was not read to its end
    std::optional<zone::Diff> diff{};  // nullopt: too large, or what is there is damaged
};

// Of `before` to the new content, which is read from where it stands.
[[nodiscard]] Result<Difference> find_difference(const Transaction& txn, const ZoneRecord& before,
                                                 zone::ReplaceWith& change);

// The guard's word on whole content that has no difference. What is damaged is not guarded: the new
// content heals it. Requires: commit.guard, a SortedStream; it is read from its start.
[[nodiscard]] Result<std::optional<Verdict>> judge_content(const Transaction& txn,
                                                           const zone::Commit& commit,
                                                           const ZoneRecord& before);

}  // namespace twinzone::store
