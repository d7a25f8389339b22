// What one commit will do, worked out in memory: everything that can be wrong with a commit shows
// here, before the first octet is written, so that it hurts no other commit of its group.
#pragma once

#include <string>
#include <vector>

#include "common/store/batch.h"
#include "common/store/hold_plan.h"
#include "common/store/journal.h"
#include "common/store/store.h"
#include "common/store/zone_record.h"
#include "common/zone/page_overlay.h"

namespace twinzone::store {

// Whole content up to this size goes with its group; more takes transactions of its own.
inline constexpr std::uint64_t kGroupedContentBytes = std::uint64_t{4} << 20;

struct Plan {
    // ReplaceWith of more than kGroupedContentBytes: nothing else here holds but the guard's word.
    bool large = false;
    bool compares = false;           // large: the difference is found while it is written
    std::optional<Verdict> verdict;  // the new version is held

    bool writes_zone = true;   // false: only `hold` is written
    ZoneRecord record;         // as it will be; ids of new things are given when it is written
    bool new_content = false;  // `changes` are all pages, under a new id; the old id is swept
    zone::PageChanges changes;
    bool cut_history = false;  // before `steps` are added
    std::vector<JournalStep> steps;
    std::optional<std::uint32_t> content;  // an approved version's: `record` is put on it
    HoldPlan hold;
    zone::Committed result;

    [[nodiscard]] std::uint64_t bytes() const noexcept;  // that it will write
};

// Requires: streams of ReplaceWith are SortedStream (make_replayable()). Reads the batch only, but
// reads streams to their end; may be called again for the same commit. Errc::transfer_diverged
// where the commit does not fit, limit, transfer_malformed; store_corrupt.
[[nodiscard]] Result<Plan> make_plan(const Batch& batch, zone::Commit& commit);

// Writes it. After an error the batch can only be destroyed. `zone_key`: keys.h.
[[nodiscard]] Result<void> write_plan(Batch& batch, ByteView zone_key, const JournalLimits& limits,
                                      Plan& plan);

// Adds the step of `diff`. Between two versions with one serial there is none that a peer could ask
// for or understand (RFC 1995 §4): history begins anew.
[[nodiscard]] Result<void> add_step(Plan& plan, const zone::Diff& diff, const zone::Commit& commit);

// Cuts history where the plan says so, and adds its steps within the limits.
[[nodiscard]] Result<void> write_history(Batch& batch, const JournalLimits& limits, Plan& plan);

// Puts the zone on `content`; what it had is swept.
[[nodiscard]] Result<void> retire_content(Batch& batch, ZoneRecord& record, std::uint32_t content);

// Forgets the zone's steps; they are swept.
[[nodiscard]] Result<void> cut_history(Batch& batch, ZoneRecord& record);

// Whether `base` is what the zone has now. Errc::transfer_diverged.
[[nodiscard]] Result<void> check_base(const zone::Commit& commit,
                                      const std::optional<ZoneRecord>& record);

// Puts a stream that cannot be read twice through a RecordSorter in `directory`.
[[nodiscard]] Result<void> make_replayable(zone::ReplaceWith& change, const std::string& directory);

// Writes pages in order.
[[nodiscard]] Result<void> put_page(Batch& batch, std::uint32_t content, ByteView page_key,
                                    ByteView page, bool at_end);

}  // namespace twinzone::store
