// Reads the records of a zone file block by block.
#pragma once

#include <functional>

#include "common/dns/record.h"
#include "common/text/zone_file_reader.h"
#include "primary/file_memory.h"

namespace twinzone::primary {

// Gives the records of a block to `take`, and returns the context behind it. Any error means that
// the block cannot be read on its own, or is wrong: whoever asks then reads the whole file, front
// to back, and tells what is wrong with it.
[[nodiscard]] Result<text::ZoneFileContext> read_records(
    std::string_view text, const text::ZoneFileContext& before, bool is_first,
    const std::function<Result<void>(const dns::RecordView&)>& take);

}  // namespace twinzone::primary
