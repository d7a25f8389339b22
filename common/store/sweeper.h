// Deletes, piece by piece, what nothing refers to: replaced content, cut history, and content that
// was not written to its end.
#pragma once

#include <deque>

#include "common/store/batch.h"

namespace twinzone::store {

// Entries that one transaction deletes beside other work.
inline constexpr std::size_t kSweepEntries = 1024;

// Writer thread only.
class Sweeper {
  public:
    void add(SweepItem item) { items_.push_back(item); }
    [[nodiscard]] bool done() const noexcept { return items_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }

    // Deletes up to `entries`, and the "sweep" entries of what is then gone. Returns how many items
    // are finished once the batch is committed: hand that to finished().
    [[nodiscard]] Result<std::size_t> sweep(Batch& batch, std::size_t entries) const;
    void finished(std::size_t items);

  private:
    std::deque<SweepItem> items_;
};

// Deletes up to `most` entries of `table` whose keys begin with `prefix`; how many it did.
[[nodiscard]] Result<std::size_t> erase_prefix(WriteTransaction& txn, Table table, ByteView prefix,
                                               std::size_t most);

}  // namespace twinzone::store
