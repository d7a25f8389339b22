// The records of a difference one by one, both lists together: what apply() carries out, in the
// order in which it meets the records of pages.
#pragma once

#include <optional>

#include "common/dns/record.h"
#include "common/zone/diff.h"

namespace twinzone::zone {

// Which of a difference's records: [begin, end) of each list.
struct EditRange {
    std::size_t removed_begin = 0;
    std::size_t removed_end = 0;
    std::size_t added_begin = 0;
    std::size_t added_end = 0;

    [[nodiscard]] static EditRange all(const Diff& diff) noexcept {
        return {.removed_end = diff.removed.size(), .added_end = diff.added.size()};
    }
    [[nodiscard]] bool empty() const noexcept {
        return removed_begin == removed_end && added_begin == added_end;
    }
};

// Borrows the diff; its lists are in canonical order, no record twice. Not thread-safe.
class EditCursor {
  public:
    EditCursor(const Diff& diff, const EditRange& range) noexcept;
    explicit EditCursor(const Diff& diff) noexcept : EditCursor(diff, EditRange::all(diff)) {}

    [[nodiscard]] bool done() const noexcept { return !removed_ && !added_; }

    // The record that the next edit is about: removed, added, or (replaced) both. Requires:
    // !done().
    [[nodiscard]] const dns::RecordView& record() const noexcept {
        return removes() ? *removed_ : *added_;
    }
    [[nodiscard]] bool removes() const noexcept { return removed_.has_value() && order_ <= 0; }
    [[nodiscard]] bool adds() const noexcept { return added_.has_value() && order_ >= 0; }

    // Requires: adds().
    [[nodiscard]] const dns::RecordView& added() const noexcept { return *added_; }

    void step() noexcept;

  private:
    void compare() noexcept;

    const Diff& diff_;
    EditRange left_;
    std::optional<dns::RecordView> removed_;
    std::optional<dns::RecordView> added_;
    int order_ = 0;  // of removed_ against added_
};

}  // namespace twinzone::zone
