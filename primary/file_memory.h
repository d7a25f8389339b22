// What is remembered of a large zone file that was read: its text, block by block, so that of the
// next version only the blocks that changed are read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/file.h"
#include "common/base/result.h"
#include "common/dns/soa.h"
#include "common/text/zone_file_reader.h"
#include "common/zone/digest.h"

namespace twinzone::primary {

// A run of whole lines (text/block_cutter.h).
struct TextBlock {
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
    zone::Digest digest;  // of the text: no more than accidents are to be told apart

    [[nodiscard]] bool same_text(const TextBlock& other) const noexcept {
        return bytes == other.bytes && digest == other.digest;
    }
};

// Cuts the file. nullopt where it cannot be cut. Errc::file_unreadable. Blocking; uses a second
// thread for a large file.
[[nodiscard]] Result<std::optional<std::vector<TextBlock>>> cut_file(const File& file);

// The text of a block. Errc::file_unreadable, also where the file is shorter by now.
[[nodiscard]] Result<void> read_block(const File& file, const TextBlock& block, Bytes& text);

// What a block's records are, besides its text: they depend on the directives before it.
struct FileBlock {
    TextBlock text;            // its place is that in the copy
    bool is_first = false;     // of the file
    std::uint32_t before = 0;  // index of the context it was read in, and of the one it left
    std::uint32_t behind = 0;
};

// Plain value; shared and not changed but for confirm() once it is in use.
struct FileMemory {
    std::vector<FileBlock> blocks;
    std::vector<text::ZoneFileContext> contexts;
    std::shared_ptr<const File> copy;     // texts of the blocks, and of some that are gone
    std::uint64_t copy_bytes = 0;         // of it in use; new texts are put behind
    dns::SoaRecord soa;                   // as written
    std::uint64_t records = 0;            // read, without the SOA; each as often as it stands there
    std::uint64_t wire_bytes = 0;         // of all of them and the SOA
    std::optional<zone::Digest> content;  // of a version with just these records, without the SOA

    // Index of a context: that of the last one where it is the same.
    [[nodiscard]] std::uint32_t remember(const text::ZoneFileContext& context);
};

}  // namespace twinzone::primary
