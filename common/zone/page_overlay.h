// Changed pages of one content, held in memory over the table they change: what apply() edits and
// the store then writes. Nothing is written to the table below.
#pragma once

#include <map>
#include <optional>

#include "common/base/bytes.h"
#include "common/zone/page_table.h"
#include "common/zone/sort_key.h"

namespace twinzone::zone {

struct KeyOrder {
    using is_transparent = void;
    [[nodiscard]] bool operator()(ByteView a, ByteView b) const noexcept {
        return compare_keys(a, b) < 0;
    }
};

// From page key to the new page; nullopt: the page is erased. In ascending order of keys.
using PageChanges = std::map<Bytes, std::optional<Bytes>, KeyOrder>;

// Borrows the table below for its whole life; that must not change meanwhile. Not thread-safe.
class PageOverlay : public PageTable {
  public:
    explicit PageOverlay(const PageTable& below) noexcept : below_(below) {}

    [[nodiscard]] Result<std::optional<Entry>> last_at_or_before(ByteView key) const override;
    [[nodiscard]] Result<std::optional<Entry>> first_after(ByteView key) const override;

    // Puts `changes` over what is there; of two changes to one key the later holds.
    void merge(PageChanges changes);

    // All changes so far, to be written in this order. An erased key need not stand in the table
    // below.
    [[nodiscard]] const PageChanges& changes() const noexcept { return changes_; }

  private:
    const PageTable& below_;
    PageChanges changes_;
};

}  // namespace twinzone::zone
