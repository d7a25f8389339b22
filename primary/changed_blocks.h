// Reads of a zone file only the blocks that were not there when it was read before.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "common/base/file.h"
#include "common/zone/record_list.h"
#include "primary/file_memory.h"

namespace twinzone::primary {

struct LoadOptions;

// What became of the records. A record that only moved within the file is in neither list.
struct ChangedBlocks {
    zone::RecordList removed;  // in canonical order, without the SOA
    zone::RecordList added;
    std::shared_ptr<FileMemory> memory;  // of the file as it is now
};

// Blocks as cut_file() gave them. nullopt where the whole file is to be read: much of it has
// changed, or this cannot tell what a change means, or something is wrong with it. Blocking.
[[nodiscard]] std::optional<ChangedBlocks> read_changed_blocks(
    const LoadOptions& options, const FileMemory& memory, const File& file,
    const std::vector<TextBlock>& blocks);

}  // namespace twinzone::primary
