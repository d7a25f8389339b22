// The records of a difference one by one, both lists together: what apply() carries out, in the
// order in which it meets the records of pages.
#pragma once

#include <optional>

#include "common/dns/record.h"
#include "common/zone/diff.h"

namespace twinzone::zone {

// Borrows the diff; its lists are in canonical order, no record twice. Not thread-safe.
class EditCursor {
  public:
    explicit EditCursor(const Diff& diff) noexcept;

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
    std::size_t removed_index_ = 0;
    std::size_t added_index_ = 0;
    std::optional<dns::RecordView> removed_;
    std::optional<dns::RecordView> added_;
    int order_ = 0;  // of removed_ against added_
};

}  // namespace twinzone::zone
