// Applies a difference to the pages of a version: only pages whose range of owners is hit are read
// and written, so that cost follows the change and not the zone. RFC 1995 §4; what makes a
// difference fit is in the rules of IXFR below.
//
//   - its old SOA is the version's (same serial, same rdata);
//   - every record it removes is there (TTL aside);
//   - it changes something: a record, or the serial.
// A record that it adds and that is there already is counted and not refused: some primaries send
// such. If TTL or octets differ, the new one holds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "common/base/result.h"
#include "common/zone/diff.h"
#include "common/zone/page_overlay.h"
#include "common/zone/version.h"

namespace twinzone::zone {

// What apply() did.
struct Applied {
    std::uint64_t removed = 0;        // records taken away, the replaced ones included
    std::uint64_t added = 0;          // records put in, the replacing ones included
    std::uint64_t already_there = 0;  // added records that stood there
    // What really changed, where that is not `diff` to the letter (a record was there already, or
    // was removed with another TTL than ours): to be journaled in its place, so that history is
    // exact.
    std::optional<Diff> exact;
};

// Turns `pages` and `version` into what they are after `diff`; digest, counts and wire_bytes are
// kept exactly. Several diffs may be applied to one overlay, one after the other. On an error both
// are as they were before. Requires: lists of `diff` in canonical order, no record twice,
// check_rdata(). Errc::transfer_diverged where the diff does not fit, transfer_malformed for a SOA
// among its records, limit for a record that is too large; store_corrupt, store_io from pages.
[[nodiscard]] Result<Applied> apply(const Diff& diff, PageOverlay& pages, Version& version);

// The same of a large difference by two threads: one calls run_front(), the other run_back(), and
// then one of them finish(). Borrows the diff and both tables to its end.
class ApplyInTwo {
  public:
    // `again`: the pages of `pages` by a table of the second thread's own. nullptr where the
    // difference is not to be cut (edit_split.h), or `pages` has changes already: for apply().
    [[nodiscard]] static Result<std::unique_ptr<ApplyInTwo>> begin(const Diff& diff,
                                                                   const PageOverlay& pages,
                                                                   const PageTable& again,
                                                                   const Version& version);
    ~ApplyInTwo();
    ApplyInTwo(const ApplyInTwo&) = delete;
    ApplyInTwo& operator=(const ApplyInTwo&) = delete;

    void run_front();
    void run_back();

    // As apply(), of the overlay and the version that begin() was called for.
    [[nodiscard]] Result<Applied> finish(PageOverlay& pages, Version& version);

  private:
    struct Parts;
    explicit ApplyInTwo(std::unique_ptr<Parts> parts) noexcept;

    std::unique_ptr<Parts> parts_;
};

}  // namespace twinzone::zone
