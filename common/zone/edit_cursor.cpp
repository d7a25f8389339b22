#include "common/zone/edit_cursor.h"

namespace twinzone::zone {

namespace {

std::optional<dns::RecordView> at(const RecordList& list, std::size_t index) noexcept {
    return index < list.size() ? std::optional{list[index]} : std::nullopt;
}

}  // namespace

EditCursor::EditCursor(const Diff& diff) noexcept
    : diff_(diff), removed_(at(diff.removed, 0)), added_(at(diff.added, 0)) {
    compare();
}

void EditCursor::step() noexcept {
    const bool removes_now = removes();
    const bool adds_now = adds();
    if (removes_now) {
        removed_ = at(diff_.removed, ++removed_index_);
    }
    if (adds_now) {
        added_ = at(diff_.added, ++added_index_);
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
