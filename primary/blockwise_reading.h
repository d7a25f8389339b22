// Reads a large zone file whole, in blocks and by several threads, and remembers them.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "common/base/file.h"
#include "primary/file_memory.h"
#include "primary/zone_intake.h"

namespace twinzone::primary {

struct BlockwiseReading {
    ZoneIntake intake;
    std::shared_ptr<FileMemory> memory;  // nullptr: there is no room for a copy of the text
};

// Blocks as cut_file() gave them. nullopt where the file has to be read front to back: because one
// of its blocks cannot be read on its own, or because something is wrong with it. Blocking.
[[nodiscard]] std::optional<BlockwiseReading> read_blockwise(const LoadOptions& options,
                                                             const File& file,
                                                             const std::vector<TextBlock>& blocks);

}  // namespace twinzone::primary
