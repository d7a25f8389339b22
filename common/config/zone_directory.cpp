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

Result<std::vector<std::string>> names_in(const std::string& path) {
    std::error_code error;
    std::vector<std::string> names;
    std::filesystem::directory_iterator at{path, error};
    for (; !error && at != std::filesystem::directory_iterator{}; at.increment(error)) {
        std::string name = at->path().filename().string();
        if (name.ends_with(kSuffix) && !name.starts_with('.')) {
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
        const std::string path =
            fmt::format("{}{}{}", directory.path, directory.path.ends_with('/') ? "" : "/", name);
        Result<dns::Name> zone =
            zone_of_file_name(std::string_view{name}.substr(0, name.size() - kSuffix.size()));
        if (!zone) {
            result.skipped.push_back(fmt::format("{}: {}", path, zone.error().detail()));
        } else if (!seen.insert(*zone).second) {
            result.skipped.push_back(
                fmt::format("{}: a second file of zone {}", path, zone->to_text()));
        } else {
            Zone& added = result.zones.emplace_back(directory.settings);
            added.name = *zone;
            added.source_file = path;
        }
    }
    return result;
}

}  // namespace twinzone::config
