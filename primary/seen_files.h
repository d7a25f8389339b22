// What was known of zone files when the program ended: with that, the next start need not read the
// files that are still the same. Only good for what the store has in service; where it is missing
// or damaged, or the program was killed, every file is read.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/config/config.h"
#include "common/zone/digest.h"
#include "primary/file_fingerprint.h"

namespace twinzone::primary {

// A file that holds nothing but the version in service, as it was read and judged.
struct SeenFile {
    dns::Name zone;
    FileMark file;
    zone::Digest version;
    config::SerialPolicy serial_policy{};  // by which it was judged
    config::ZonemdMode zonemd{};

    friend bool operator==(const SeenFile&, const SeenFile&) = default;
};

// Replaces the file at `path`. Errc::file_unreadable. Blocking.
[[nodiscard]] Result<void> write_seen_files(const std::string& path,
                                            const std::vector<SeenFile>& seen);

// What the file at `path` says; the file is gone then. Empty where there is none of use. Blocking.
[[nodiscard]] std::vector<SeenFile> take_seen_files(const std::string& path);

}  // namespace twinzone::primary
