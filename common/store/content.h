// The pages of one content of one zone, as they stand in table `pages`: a table to edit (PageTable)
// and a cursor to send or read them in order. Every page is checked against its sum when it is met.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "common/store/environment.h"
#include "common/zone/page_table.h"
#include "common/zone/version_store.h"

namespace twinzone::store {

// Borrows the transaction, which must outlive it and not be changed while it is used.
class ContentTable final : public zone::PageTable {
  public:
    ContentTable(const Transaction& txn, std::uint32_t content) noexcept
        : txn_(txn), content_(content) {}

    [[nodiscard]] Result<std::optional<Entry>> last_at_or_before(ByteView key) const override;
    [[nodiscard]] Result<std::optional<Entry>> first_after(ByteView key) const override;

  private:
    [[nodiscard]] Result<void> open_cursor() const;
    [[nodiscard]] Result<std::optional<Entry>> entry_of(
        const std::optional<TableEntry>& found) const;

    const Transaction& txn_;
    std::uint32_t content_;
    mutable std::optional<Cursor> cursor_;  // opened when first asked
};

// All pages of a content. Borrows the transaction.
class ContentCursor final : public zone::PageCursor {
  public:
    ContentCursor(const Transaction& txn, std::uint32_t content) noexcept
        : txn_(txn), content_(content) {}

    [[nodiscard]] Result<std::optional<ByteView>> next() override;

  private:
    const Transaction& txn_;
    std::uint32_t content_;
    std::optional<Cursor> cursor_;
};

}  // namespace twinzone::store
