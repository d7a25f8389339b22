// Makes pages (page.h) from records in canonical order.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/compressor.h"
#include "common/dns/record.h"
#include "common/zone/page.h"
#include "common/zone/page_key.h"

namespace twinzone::zone {

// Errc::limit where the record is larger than kMaxRecordWireBytes; detail names it.
[[nodiscard]] Result<void> check_record_size(const dns::RecordView& record);

// One message being filled with records; also for the pages of history, which have no key. Not
// thread-safe; used again after take().
class PageFill {
  public:
    PageFill();

    // False where the record does not fit any more: nothing is changed. The first record always
    // fits. Requires: check_record_size(), check_rdata().
    [[nodiscard]] bool add(const dns::RecordView& record);

    [[nodiscard]] std::size_t size() const noexcept { return message_.size(); }
    [[nodiscard]] std::uint32_t records() const noexcept { return records_; }
    [[nodiscard]] bool empty() const noexcept { return records_ == 0; }

    // Sort key of the first record's owner; valid until the next take(). Requires: !empty().
    [[nodiscard]] ByteView owner_key() const noexcept { return owner_key_; }

    // The finished page; the next one begins. Requires: !empty().
    [[nodiscard]] Bytes take();

  private:
    void restart();

    dns::Compressor compressor_;
    Bytes message_;
    Bytes owner_key_;
    std::uint32_t records_ = 0;
};

// Gives pages their keys, in order: numbers pages that begin with the same owner. Plain value.
class PageNumbers {
  public:
    // The pages to come stand behind the one with this key. Requires: a page key, or empty for
    // none.
    void continue_behind(ByteView key);

    // The key of the next page. Errc::limit behind 65,536 pages with the same first owner.
    [[nodiscard]] Result<Bytes> next(ByteView owner_key);

    // True where next() would give just this key.
    [[nodiscard]] bool would_give(ByteView key) const noexcept;

  private:
    // 0 to kMaxPageNumber, or one more.
    [[nodiscard]] std::uint32_t number_for(ByteView owner_key) const noexcept;

    Bytes last_;  // key of the page before; empty: none
};

struct EncodedPage {
    Bytes key;      // page_key.h
    Bytes message;  // page.h
    std::uint32_t records = 0;
};

// Fills pages to the brim: for content that is written whole. Not thread-safe.
class PageEncoder {
  public:
    // A page, each time one is full. Requires: canonical order, no record twice, check_rdata().
    // Errc::limit: record too large, or too many pages at one owner; the encoder is then dead.
    [[nodiscard]] Result<std::optional<EncodedPage>> add(const dns::RecordView& record);

    // The last page; nullopt where no record is left over. The encoder may be used for more.
    [[nodiscard]] Result<std::optional<EncodedPage>> finish();

  private:
    PageFill fill_;
    PageNumbers numbers_;
};

}  // namespace twinzone::zone
