// The seam between page editing and what keeps pages: an ordered table from page key to page, for
// one content of one zone. A page key is the sort key of the page's first owner (sort_key.h), 0x00,
// and a 16-bit number in network order that tells pages with the same first owner apart: byte order
// of keys is canonical order of content.
#pragma once

#include <optional>

#include "common/base/bytes.h"
#include "common/base/result.h"

namespace twinzone::zone {

class PageTable {
  public:
    // Borrowed until the table is next changed or asked.
    struct Entry {
        ByteView key;
        ByteView page;
    };

    virtual ~PageTable() = default;

    // The entry with the greatest key that is not above `key`; nullopt where all are above.
    // Errc::store_io, store_corrupt.
    [[nodiscard]] virtual Result<std::optional<Entry>> last_at_or_before(ByteView key) const = 0;

    // The entry with the smallest key above `key`; an empty key gives the first of all.
    [[nodiscard]] virtual Result<std::optional<Entry>> first_after(ByteView key) const = 0;
};

}  // namespace twinzone::zone
