#include "common/zone/patched_stream.h"

#include "common/zone/record_list.h"

namespace twinzone::zone {

Result<std::optional<dns::RecordView>> PatchedStream::next() {
    for (;;) {
        if (!is_read_) {
            Result<std::optional<dns::RecordView>> record = base_->next();
            if (!record) {
                return record;
            }
            next_base_ = *record;
            is_read_ = true;
        }
        const int order = edits_.done() ? -1
                          : !next_base_ ? 1
                                        : compare_canonical(*next_base_, edits_.record());
        if (order < 0) {
            is_read_ = !next_base_;  // at its end it is asked no more
            return next_base_;
        }
        if (order == 0) {  // replaced, removed, or added though it was there
            is_read_ = false;
        }
        const std::optional<dns::RecordView> added =
            edits_.adds() ? std::optional{edits_.added()} : std::nullopt;
        edits_.step();
        if (added) {
            return added;
        }
    }
}

}  // namespace twinzone::zone
