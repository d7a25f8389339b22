// A primary's configuration as the YAML that reads back as it: for a program that leaves its zones
// to another.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/config/config.h"

namespace twinzone::config {

// An entry of `keys` as written. Keys in use do not give their secrets away.
struct KeyEntry {
    std::string name;
    std::string algorithm;    // empty: the file says it
    std::string secret_file;  // absolute; empty where the secret itself was written
    std::string secret;
};

// The keys of a configuration, from where it was read: its file, or the key file of the command
// line. Errors as load_file(). Blocking.
[[nodiscard]] Result<std::vector<KeyEntry>> key_entries(const Config& config);

// More zones than this are a list of their own.
inline constexpr std::size_t kMaxWrittenZones = 1000;

struct ConfigText {
    std::string yaml;        // with secrets in it where `keys` had any
    std::string zones_list;  // content of the zones file; empty: all zones are in `yaml`
};

// What equals its default is left out. `zones_file` is where zones_list will stand. Requires:
// Role::primary, no folders and no
// catalogs.
[[nodiscard]] ConfigText config_text(const Config& config, std::span<const KeyEntry> keys,
                                     const std::string& zones_file);

// `settings:` lines of a template for this zone, each after `indent`; without its name.
// zone_settings_text.cpp
[[nodiscard]] std::string zone_settings_text(const Zone& zone,
                                             const std::vector<RemotePtr>& remotes,
                                             std::string_view indent);

// A remote's name where it stands in the file: one of the command line is an address, which is no
// name there.
[[nodiscard]] std::string remote_word(const std::string& name);

// A scalar: plain where that is safe, else in double quotes.
[[nodiscard]] std::string scalar_text(std::string_view text);

// "1h", "90s"; "64M"; both read back as the same number.
[[nodiscard]] std::string duration_text(seconds duration);
[[nodiscard]] std::string size_text(std::uint64_t octets);

}  // namespace twinzone::config
