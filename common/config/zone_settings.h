// The settings that a template and a zone's entry have in common, before they meet a zone's name.
#pragma once

#include <optional>
#include <string>

#include "common/config/config.h"
#include "common/config/loading.h"
#include "common/config/map_reader.h"

namespace twinzone::config {

struct ZoneDraft {
    ZoneSettings settings;
    bool has_allow_notify = false;
    // Written, but wrong: reported there, and not again as missing for each zone.
    bool source_failed = false;
    bool primaries_failed = false;
    SettingsPtr finished{};  // of the zones made of it; null until there is one
};

// output_settings.cpp
void read_output(const MapReader& map, Loading& loading, ZoneDraft& draft);
// guard_settings.cpp
void read_guard(const MapReader& map, Loading& loading, std::optional<Guard>& guard);
void read_hooks(const MapReader& map, Loading& loading, std::vector<Hook>& hooks);

// Sets `settings` to follow the remotes that the list under `key` names.
void read_remotes_followed(const MapReader& map, std::string_view key, Loading& loading,
                           ZoneDraft& draft);

// Sets what the map writes; the rest stays.
void read_settings(const MapReader& map, Loading& loading, ZoneDraft& draft);

// The zone with this name. What is missing for the role is reported at `mark`, then nullopt.
[[nodiscard]] std::optional<Zone> zone_with(ZoneDraft& draft, const dns::Name& name, Mark mark,
                                            Loading& loading);

// The same for a zone that comes by transfer from `primaries`, on either program.
[[nodiscard]] std::optional<Zone> followed_zone_with(ZoneDraft& draft, const dns::Name& name,
                                                     Mark mark, Loading& loading);

}  // namespace twinzone::config
