// The new content of a zone on its way into the store, which on its way is compared with the old:
// one pass gives both what is to be written and the difference to be kept as history.
#pragma once

#include <optional>

#include "common/zone/diff.h"
#include "common/zone/record_stream.h"

namespace twinzone::zone {

// Borrows both streams, which are in canonical order. Not thread-safe; dead after an error.
class DiffStream final : public RecordStream {
  public:
    // The difference may take `max_bytes`.
    DiffStream(const dns::SoaRecord& from, RecordStream& before, const dns::SoaRecord& to,
               RecordStream& after, std::size_t max_bytes)
        : before_(before), after_(after), max_bytes_(max_bytes), diff_(Diff{from, to, {}, {}}) {}

    // The records of `after`. Its errors; damage of `before` is none: the difference is given up.
    [[nodiscard]] Result<std::optional<dns::RecordView>> next() override;

    // What was found so far, whole once next() gave nullopt; nullopt where it grew too large or
    // `before` is damaged.
    [[nodiscard]] const std::optional<Diff>& diff() const noexcept { return diff_; }
    [[nodiscard]] std::optional<Diff> take_diff() noexcept { return std::move(diff_); }

    // Records of `before` that were met.
    [[nodiscard]] std::uint64_t met() const noexcept { return met_; }

  private:
    [[nodiscard]] Result<void> step_before();
    [[nodiscard]] Result<void> compare(const dns::RecordView& record);
    [[nodiscard]] Result<void> remove_rest();
    void keep(RecordList& list, const dns::RecordView& record);

    RecordStream& before_;
    RecordStream& after_;
    std::size_t max_bytes_;
    std::optional<Diff> diff_;
    std::optional<dns::RecordView> at_before_;
    bool begun_ = false;
    std::uint64_t met_ = 0;
};

}  // namespace twinzone::zone
