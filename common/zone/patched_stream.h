// A content with a difference applied, as a stream: what a version will be that is not in service.
#pragma once

#include <memory>
#include <optional>

#include "common/zone/diff.h"
#include "common/zone/edit_cursor.h"
#include "common/zone/record_stream.h"

namespace twinzone::zone {

// Records come in canonical order, as those of `base` do. A record that the difference removes and
// that is not there is passed over. Not thread-safe; dead after an error.
class PatchedStream final : public RecordStream {
  public:
    // Requires: base is not null; check_rdata() holds for the difference's records.
    PatchedStream(std::unique_ptr<RecordStream> base, Diff diff)
        : base_(std::move(base)), diff_(std::move(diff)), edits_(diff_) {}
    PatchedStream(const PatchedStream&) = delete;
    PatchedStream& operator=(const PatchedStream&) = delete;

    [[nodiscard]] Result<std::optional<dns::RecordView>> next() override;

  private:
    std::unique_ptr<RecordStream> base_;
    Diff diff_;
    EditCursor edits_;  // borrows diff_
    std::optional<dns::RecordView> next_base_;
    bool is_read_ = false;  // next_base_ is
};

}  // namespace twinzone::zone
