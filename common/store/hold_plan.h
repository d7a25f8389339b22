// What a commit does to what holds its zone back: keeps a new version that the guard stopped, lets
// go of one that is obsolete, puts an approved one into service. Worked out before anything is
// written, as the rest of a plan.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/store/batch.h"
#include "common/store/hold_record.h"
#include "common/store/journal.h"
#include "common/zone/diff.h"
#include "common/zone/guard.h"
#include "common/zone/page_overlay.h"
#include "common/zone/version_store.h"

namespace twinzone::store {

// The guard's word against a version.
struct Verdict {
    zone::HoldReason reason{};
    zone::Losses losses;
};

struct HoldPlan {
    HoldRecord record;               // as it will be
    bool changed = false;            // it is to be written
    std::optional<SweepItem> sweep;  // what a held version had that is let go
    // Content of a newly held version; its id is given when it is written. One of:
    std::vector<JournalStep> steps;
    zone::PageChanges pages;
};

// Whether the guard lets these differences, which were applied to `after`, into service; `records`
// were in service before. Requires: each difference exact (page_edit.h), at least one.
[[nodiscard]] Result<std::optional<Verdict>> judge_diffs(const zone::GuardLimits& limits,
                                                         std::uint64_t records,
                                                         std::span<const zone::Diff> diffs,
                                                         const zone::PageTable& after);

// The version is kept under the next id that steps or pages of the plan are written with.
// `before`: in service.
void hold_version(HoldPlan& plan, const Verdict& verdict, const zone::Version& before,
                  const zone::Version& version, const zone::Commit& commit);

// New content goes into service: what was held or rejected is obsolete.
void release(HoldPlan& plan);

// DropHeld and SetFrozen. Errc::not_found.
[[nodiscard]] Result<zone::Committed> change_hold(HoldPlan& plan, const zone::Commit& commit);

// Whether the held version is that of `publish` and a change of `now`. Errc::not_found,
// transfer_diverged.
[[nodiscard]] Result<void> check_held(const HoldPlan& plan, const zone::PublishHeld& publish,
                                      const std::optional<zone::Version>& now);

// The differences of a held version. Requires: it is kept so. Errc::store_corrupt.
[[nodiscard]] Result<std::vector<zone::Diff>> read_held_diffs(const Transaction& txn,
                                                              const HoldRecord& record);

// Octets of pages that it will write.
[[nodiscard]] std::uint64_t bytes_of(const HoldPlan& plan) noexcept;

// After an error the batch can only be destroyed.
[[nodiscard]] Result<void> write_hold(Batch& batch, ByteView zone_key, HoldPlan& plan);

}  // namespace twinzone::store
