// Zone files for the server beside us: written beside the old file, synced, read back and compared,
// then put in its place by rename. A reader sees the old file whole or the new one whole, also
// after a crash. The last file that was served can be kept as PATH.previous and put back.
#pragma once

#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/dns/name.h"
#include "common/dns/serial.h"
#include "common/zone/version_store.h"

namespace twinzone::secondary {

// All of these block; any thread, one at a time for a path.

// What becomes of the file in place.
enum class OldFile : std::uint8_t {
    replaced,
    kept  // as the previous one, in place of an earlier one
};

// The new file has owner, group and mode of the old one, as far as we may give them; where there is
// none, 0640 less the umask and the folder's group. Errc::disk_full, file_unreadable;
// Errc::internal where what was written does not read back as the same version (the old file is
// then still in place).
[[nodiscard]] Result<void> write_zone_file(const zone::Snapshot& snapshot, const std::string& path,
                                           OldFile old_file);

// Errc::not_found where no previous file is kept.
[[nodiscard]] Result<void> put_back_zone_file(const std::string& path);

void drop_previous_zone_file(const std::string& path);
// What a process that was killed while it wrote has left.
void drop_unfinished_zone_file(const std::string& path);
[[nodiscard]] bool has_previous_zone_file(const std::string& path);

// The serial that the file shows, where its first record is the SOA, as in those we write.
[[nodiscard]] std::optional<dns::Serial> serial_in_zone_file(const std::string& path,
                                                             const dns::Name& zone);

}  // namespace twinzone::secondary
