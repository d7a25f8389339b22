// The settings that a template and a zone's entry have in common, before they meet a zone's name.
#pragma once

#include <optional>
#include <string>

#include "common/config/config.h"
#include "common/config/loading.h"
#include "common/config/map_reader.h"

namespace twinzone::config {

struct ZoneSettings {
    Zone zone;  // without name, source_file and output.path
    std::string source_pattern;
    std::string source_directory;  // instead of a pattern
    std::string output_pattern;
    bool has_allow_notify = false;
    // Written, but wrong: reported there, and not again as missing for each zone.
    bool source_failed = false;
    bool primaries_failed = false;
};

// output_settings.cpp
void read_output(const MapReader& map, Loading& loading, ZoneSettings& settings);
// guard_settings.cpp
void read_guard(const MapReader& map, Loading& loading, std::optional<Guard>& guard);
void read_hooks(const MapReader& map, Loading& loading, std::vector<Hook>& hooks);

// Sets `settings` to follow the remotes that the list under `key` names.
void read_remotes_followed(const MapReader& map, std::string_view key, Loading& loading,
                           ZoneSettings& settings);

// Sets what the map writes; the rest stays.
void read_settings(const MapReader& map, Loading& loading, ZoneSettings& settings);

// The zone with this name. What is missing for the role is reported at `mark`, then nullopt.
[[nodiscard]] std::optional<Zone> zone_with(const ZoneSettings& settings, const dns::Name& name,
                                            Mark mark, Loading& loading);

// The same for a zone that comes by transfer from `settings.zone.primaries`, on either program.
[[nodiscard]] std::optional<Zone> followed_zone_with(const ZoneSettings& settings,
                                                     const dns::Name& name, Mark mark,
                                                     Loading& loading);

}  // namespace twinzone::config
