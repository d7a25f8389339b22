// Where a large difference can be cut in two, so that both parts are applied at the same time: at
// a page that neither part needs of the other.
#pragma once

#include <optional>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/zone/edit_cursor.h"
#include "common/zone/page_table.h"

namespace twinzone::zone {

struct EditSplit {
    EditRange front;
    EditRange back;
    Bytes page;  // key of the page where the back begins; the front's edits fall into earlier ones
};

// Near the middle of the edits. The page is the first that begins with its owner, of whom nothing
// stands before it or is edited by the front: whatever pages the front makes, those of the back are
// numbered (page_key.h) as before. nullopt where no such page is found soon. Errors of the table,
// Errc::store_corrupt.
[[nodiscard]] Result<std::optional<EditSplit>> split_edits(const Diff& diff,
                                                           const PageTable& pages);

}  // namespace twinzone::zone
