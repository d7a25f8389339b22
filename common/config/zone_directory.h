// The zones of a folder: every NAME.zone in it, on a primary.
#pragma once

#include <optional>
#include <string>
#include <string_view>
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

// The zone of one file in the folder, by the file's name alone; nullopt where it is passed over.
// Errc::config_invalid, "FILE: reason", where it names no zone.
[[nodiscard]] Result<std::optional<Zone>> zone_in(const Config::Directory& directory,
                                                  std::string_view file_name);

}  // namespace twinzone::config
