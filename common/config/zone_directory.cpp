#include "common/config/zone_directory.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <unordered_set>

#include <fmt/format.h>

#include "common/config/zone_path.h"

namespace twinzone::config {

namespace {

constexpr std::string_view kSuffix = ".zone";

bool is_zone_file(std::string_view file_name) {
    return file_name.ends_with(kSuffix) && !file_name.starts_with('.');
}

std::string path_in(const Config::Directory& directory, std::string_view file_name) {
    return fmt::format("{}{}{}", directory.path, directory.path.ends_with('/') ? "" : "/",
                       file_name);
}

Result<dns::Name> zone_name(std::string_view file_name) {
    return zone_of_file_name(file_name.substr(0, file_name.size() - kSuffix.size()));
}

// A name may be written in more than one way as a file's.
Zone zone_of(const Config::Directory& directory, const dns::Name& name, const std::string& path) {
    Zone zone{name, directory.settings};
    if (zone.source_file() != path) {
        zone.edit().source_file = path;
    }
    return zone;
}

Result<std::vector<std::string>> names_in(const std::string& path) {
    std::error_code error;
    std::vector<std::string> names;
    std::filesystem::directory_iterator at{path, error};
    for (; !error && at != std::filesystem::directory_iterator{}; at.increment(error)) {
        std::string name = at->path().filename().string();
        if (is_zone_file(name)) {
            names.push_back(std::move(name));
        }
    }
    if (error) {
        return fail(Errc::file_unreadable,
                    fmt::format("cannot read folder {}: {}", path, error.message()));
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

Result<DirectoryZones> zones_of(const Config::Directory& directory) {
    Result<std::vector<std::string>> names = names_in(directory.path);
    if (!names) {
        return fail(std::move(names).error());
    }
    DirectoryZones result;
    std::unordered_set<dns::Name, dns::NameHash> seen;
    for (const std::string& name : *names) {
        const std::string path = path_in(directory, name);
        Result<dns::Name> zone = zone_name(name);
        if (!zone) {
            result.skipped.push_back(fmt::format("{}: {}", path, zone.error().detail()));
        } else if (!seen.insert(*zone).second) {
            result.skipped.push_back(
                fmt::format("{}: a second file of zone {}", path, zone->to_text()));
        } else {
            result.zones.push_back(zone_of(directory, *zone, path));
        }
    }
    return result;
}

Result<std::optional<Zone>> zone_in(const Config::Directory& directory,
                                    std::string_view file_name) {
    if (!is_zone_file(file_name)) {
        return std::optional<Zone>{};
    }
    const std::string path = path_in(directory, file_name);
    const Result<dns::Name> name = zone_name(file_name);
    if (!name) {
        return fail(Errc::config_invalid, fmt::format("{}: {}", path, name.error().detail()));
    }
    return std::optional{zone_of(directory, *name, path)};
}

}  // namespace twinzone::config
