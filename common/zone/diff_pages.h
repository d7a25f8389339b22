// A difference as messages ready to send, as the journal keeps it: old SOA, removed records, new
// SOA, added records (RFC 1995 §4). Pages are those of page.h but hold SOAs, have no key, and are
// in the order of the difference. Each difference begins with a page of its own.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/zone/diff.h"
#include "common/zone/page_encoder.h"
#include "common/zone/page_records.h"
#include "common/zone/version_store.h"

namespace twinzone::zone {

// Encodes page by page. Borrows the diff. Not thread-safe.
class DiffEncoder {
  public:
    explicit DiffEncoder(const Diff& diff) noexcept : diff_(diff) {}

    // The next page; nullopt after the last. Errc::limit for a record that is too large.
    [[nodiscard]] Result<std::optional<Bytes>> next();

  private:
    enum class Part : std::uint8_t { old_soa, removed, new_soa, added, done };

    [[nodiscard]] Result<bool> add_soa(const dns::SoaRecord& soa, Part then);
    [[nodiscard]] Result<bool> add_list(const RecordList& list, Part then);

    const Diff& diff_;
    PageFill fill_;
    Part part_ = Part::old_soa;
    std::size_t index_ = 0;
};

// All pages at once.
[[nodiscard]] Result<std::vector<Bytes>> encode_diff_pages(const Diff& diff);

// The differences that the pages of a history hold, one by one (Snapshot::history_pages()). The
// snapshot behind the cursor must outlive it. Not thread-safe; dead after an error.
class DiffReader {
  public:
    // Requires: pages is not null.
    explicit DiffReader(std::unique_ptr<PageCursor> pages) noexcept : records_(std::move(pages)) {}

    // nullopt after the last. Errc::store_corrupt, and errors of the cursor.
    [[nodiscard]] Result<std::optional<Diff>> next();

  private:
    [[nodiscard]] Result<std::optional<dns::SoaRecord>> take_soa();
    [[nodiscard]] Result<void> read_until_soa(RecordList& list);
    [[nodiscard]] static Result<std::optional<dns::SoaRecord>> parse_soa(
        const dns::RecordView& record);

    PageRecords records_;
    std::optional<dns::SoaRecord> pending_;  // a SOA that ended the list before it
};

// All differences that the pages hold. Requires: pages is not null. Errors as DiffReader::next().
[[nodiscard]] Result<std::vector<Diff>> read_diffs(std::unique_ptr<PageCursor> pages);

// Back from all pages of one difference. Errc::store_corrupt.
[[nodiscard]] Result<Diff> decode_diff_pages(std::span<const Bytes> pages);

}  // namespace twinzone::zone
