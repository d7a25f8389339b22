#include "common/zone/edit_cursor.h"

namespace twinzone::zone {

namespace {

std::optional<dns::RecordView> first_of(const RecordList& list, std::size_t begin,
                                        std::size_t end) noexcept {
    return begin < end ? std::optional{list[begin]} : std::nullopt;
}

}  // namespace

EditCursor::EditCursor(const Diff& diff, const EditRange& range) noexcept
    : diff_(diff),
      left_(range),
      removed_(first_of(diff.removed, range.removed_begin, range.removed_end)),
      added_(first_of(diff.added, range.added_begin, range.added_end)) {
    compare();
}

void EditCursor::step() noexcept {
    const bool removes_now = removes();
    const bool adds_now = adds();
    if (removes_now) {
        removed_ = first_of(diff_.removed, ++left_.removed_begin, left_.removed_end);
    }
    if (adds_now) {
        added_ = first_of(diff_.added, ++left_.added_begin, left_.added_end);
    }
    compare();
}

void EditCursor::compare() noexcept {
    if (removed_ && added_) {
        order_ = compare_canonical(*removed_, *added_);
    } else {
        order_ = removed_ ? -1 : 1;
    }
}

}  // namespace twinzone::zone
