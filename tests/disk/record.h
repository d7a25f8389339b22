// What the preloaded library writes down and power_loss reads: each change of a file and each sync,
// in the order in which they were made. Host byte order: one machine writes and reads.
#pragma once

#include <cstdint>

namespace twinzone::disk {

enum class Kind : std::uint8_t {
    write,
    write_through,  // on a descriptor that syncs each write: O_DSYNC
    sync,           // of all that was written to the file before
    truncate,       // to `offset` octets
    rename,         // the octets are the new path
    unlink,
};

// Followed by the path and by `size` octets.
struct Entry {
    Kind kind{};
    std::uint16_t path_size = 0;
    std::uint32_t size = 0;
    std::uint64_t offset = 0;
};

}  // namespace twinzone::disk
