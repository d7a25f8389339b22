// Makes pages again from the records of edited ones. Unlike PageEncoder it leaves room for the
// edits to come: where the last page would be small beside a full one, the two are made halves of
// equal size.
#pragma once

#include <cstdint>
#include <optional>

#include "common/zone/page_encoder.h"
#include "common/zone/page_overlay.h"

namespace twinzone::zone {

// Borrows `changes`, in which it puts pages. Not thread-safe; dead after an error. Errors:
// Errc::limit for too many pages at one owner.
class PageRefill {
  public:
    explicit PageRefill(PageChanges& changes) noexcept : changes_(changes) {}

    // The pages to come stand behind the one with this key; empty: there is none. Requires: nothing
    // is waiting.
    void continue_behind(ByteView key);

    // Requires: check_record_size(), canonical order.
    [[nodiscard]] Result<void> add(const dns::RecordView& record);

    // Puts what is waiting; the records to come begin a new page.
    [[nodiscard]] Result<void> flush();

    // True where so little waits that it should go into one page with what follows.
    [[nodiscard]] bool tiny() const noexcept {
        return !held_ && !fill_.empty() && fill_.size() < kPageBytes / 4;
    }

    // Puts a page as it is, under the key that it has now. Requires: nothing is waiting.
    [[nodiscard]] Result<void> pass(ByteView owner_key, Bytes page);

    // True where a page that stands next would keep this key.
    [[nodiscard]] bool keeps(ByteView key) const noexcept { return numbers_.would_give(key); }

    // Octets of all pages put.
    [[nodiscard]] std::uint64_t wire_bytes() const noexcept { return wire_bytes_; }

  private:
    struct Held {
        Bytes owner_key;
        Bytes page;
    };

    [[nodiscard]] Held take_fill();
    [[nodiscard]] Result<void> put(Held page);
    [[nodiscard]] Result<void> halve();
    [[nodiscard]] Result<void> refill(ByteView page, std::size_t& cut_at);

    PageChanges& changes_;
    PageNumbers numbers_;
    PageFill fill_;
    std::optional<Held> held_;  // a full page, kept until it is known how much follows
    std::uint64_t wire_bytes_ = 0;
};

}  // namespace twinzone::zone
