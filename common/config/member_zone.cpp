#include "common/config/member_zone.h"

#include <algorithm>

#include "common/base/assert.h"
#include "common/config/loading.h"
#include "common/config/zone_path.h"

namespace twinzone::config {

namespace {

const Template* find(const Config& config, std::string_view name) {
    const auto at = std::lower_bound(
        config.templates.begin(), config.templates.end(), name,
        [](const Template& each, std::string_view wanted) { return each.name < wanted; });
    return at != config.templates.end() && at->name == name ? &*at : nullptr;
}

// Members that wrote one file would overwrite each other for ever.
bool is_for_many(const Template& candidate) {
    return candidate.settings->output.mode != OutputMode::file ||
           names_zone(candidate.settings->output_pattern);
}

}  // namespace

const Template& member_template(const Config& config, const Catalog& catalog,
                                std::span<const std::string> groups) {
    for (const std::string& group : groups) {
        const Template* own = find(config, group);
        if (own != nullptr && is_for_many(*own)) {
            return *own;
        }
    }
    const Template* usual = find(config, catalog.template_name);
    TWINZONE_ASSERT(usual != nullptr);
    return *usual;
}

Result<Zone> member_zone(const Config& config, const Catalog& catalog, const dns::Name& name,
                         const MemberProperties& properties) {
    const Template& start = member_template(config, catalog, properties.groups);
    auto settings = std::make_shared<ZoneSettings>(*start.settings);
    settings->serial_policy = SerialPolicy::keep;
    settings->source_pattern.clear();
    settings->source_directory.clear();
    if (!properties.primaries.empty()) {
        settings->primaries = properties.primaries;
    } else if (settings->primaries.empty()) {
        settings->primaries = catalog.primaries;
    }
    if (!start.has_allow_notify) {
        settings->allow_notify.clear();
        for (const RemotePtr& primary : settings->primaries) {
            settings->allow_notify.push_back(rule_for(*primary));
        }
    }
    if (settings->output.mode == OutputMode::file) {
        if (Result<std::string> path = fill_path_pattern(settings->output_pattern, name); !path) {
            return fail(std::move(path).error());
        }
    }
    return Zone{name, std::move(settings)};
}

}  // namespace twinzone::config
