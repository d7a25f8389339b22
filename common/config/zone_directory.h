// The zones of a folder: every NAME.zone in it, on a primary.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/config/config.h"

namespace twinzone::config {

struct DirectoryZones {
    std::vector<Zone> zones;           // by name of file; each zone once
    std::vector<std::string> skipped;  // "FILE: reason" for *.zone files that name no zone
};

// Files without ".zone" and hidden ones are passed over in silence. Errc::file_unreadable where the
// folder cannot be read. Blocking.
[[nodiscard]] Result<DirectoryZones> zones_of(const Config::Directory& directory);

}  // namespace twinzone::config
