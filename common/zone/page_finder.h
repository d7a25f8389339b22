// Finds the page in which a record stands, or would stand.
#pragma once

#include <optional>

#include "common/base/result.h"
#include "common/dns/record.h"
#include "common/zone/page_table.h"

namespace twinzone::zone {

using FoundPage = Result<std::optional<PageTable::Entry>>;

// The last page whose first record is not behind `record`; the first page where all begin behind
// it; nullopt where there are none. Borrowed as PageTable::Entry says. Errors of the table,
// Errc::store_corrupt.
[[nodiscard]] FoundPage find_page(const PageTable& pages, const dns::RecordView& record);

}  // namespace twinzone::zone
