// Catalog zones (RFC 9432): those that we make, and those whose members become zones of ours.
#include <algorithm>

#include "common/config/schema.h"
#include "common/config/values.h"
#include "common/config/zone_list.h"
#include "common/config/zone_path.h"

namespace twinzone::config {

namespace {

constexpr std::array<std::pair<std::string_view, CatalogRole>, 2> kRoles = {
    std::pair{std::string_view{"producer"}, CatalogRole::producer},
    {"consumer", CatalogRole::consumer}};

// Names below it have 47 octets more (RFC 9432 §4.3.2).
constexpr std::size_t kMaxCatalogNameBytes = 208;

// "10%" or "25".
Result<RemovalCap> removal_cap_from_text(std::string_view text) {
    if (text.ends_with('%')) {
        const Result<std::uint32_t> percent = percent_from_text(text);
        return percent ? Result<RemovalCap>{RemovalCap{.count = *percent, .is_percent = true}}
                       : fail(percent.error());
    }
    const Result<std::uint64_t> count = count_from_text(text);
    return count ? Result<RemovalCap>{RemovalCap{.count = *count}} : fail(count.error());
}

// What a catalog's own zone takes of the template that its members start from.
ZoneDraft own_settings(const ZoneDraft& members) {
    ZoneDraft draft = members;
    ZoneSettings& zone = draft.settings;
    draft.settings.source_pattern.clear();
    draft.settings.source_directory.clear();
    zone.serial_policy = SerialPolicy::keep;
    zone.guard.reset();  // `max-removals` is what judges a catalog
    // A server that follows the members through us learns of them by the catalog.
    if (zone.output.mode == OutputMode::loopback &&
        std::none_of(zone.notify.begin(), zone.notify.end(), [&](const RemotePtr& told) {
            return told->addresses == zone.output.verify->addresses;
        })) {
        zone.notify.push_back(zone.output.verify);
    }
    zone.output = {};
    draft.finished.reset();
    return draft;
}

struct Entry {
    const MapReader& map;
    const ZoneDraft& members;  // their template
    Mark mark;                 // of the zone's name
};

void add_producer(const Entry& entry, const Catalog& catalog, Loading& loading) {
    if (loading.role == Role::secondary) {
        loading.diagnostics.error(entry.map.key_mark("role"),
                                  "a catalog is made by the primary; the secondary is a consumer");
        return;
    }
    if (catalog.zone.view().size() > kMaxCatalogNameBytes) {
        loading.diagnostics.error(entry.mark, "the name of a catalog has at most 208 octets");
        return;
    }
    for (const char* key : {"primaries", "grace", "max-removals"}) {
        if (entry.map.has(key)) {
            loading.diagnostics.error(entry.map.key_mark(key),
                                      fmt::format("a producer has no use for '{}'", key));
        }
    }
    auto settings = std::make_shared<ZoneSettings>(own_settings(entry.members).settings);
    settings->primaries.clear();
    settings->allow_notify.clear();
    settings->catalog = CatalogRole::producer;
    loading.config.zones.emplace_back(catalog.zone, std::move(settings));
    loading.config.catalogs.push_back(catalog);
}

// Members write one file each.
void check_output(const Entry& entry, Loading& loading) {
    const bool is_file = entry.members.settings.output.mode == OutputMode::file;
    if (is_file && !names_zone(entry.members.settings.output_pattern)) {
        loading.diagnostics.error(
            entry.mark, fmt::format("the members of a catalog would all write {}; a path with %s "
                                    "is one file a zone",
                                    quoted(entry.members.settings.output_pattern)));
    }
}

void add_consumer(const Entry& entry, Catalog catalog, Loading& loading) {
    ZoneDraft draft = own_settings(entry.members);
    if (entry.map.has("primaries")) {
        read_remotes_followed(entry.map, "primaries", loading, draft);
        draft.has_allow_notify = false;
        draft.settings.allow_notify.clear();
    }
    check_output(entry, loading);
    std::optional<Zone> zone = followed_zone_with(draft, catalog.zone, entry.mark, loading);
    if (!zone) {
        return;
    }
    zone->edit().catalog = CatalogRole::consumer;
    catalog.primaries = (*zone)->primaries;
    loading.config.zones.push_back(std::move(*zone));
    loading.config.catalogs.push_back(std::move(catalog));
}

void read_catalog(const Node& node, Loading& loading, ZoneList& zones) {
    const MapReader map{node, kCatalogSchema, loading.role, loading.diagnostics};
    std::optional<dns::Name> name;
    std::optional<CatalogRole> role;
    Catalog catalog;
    catalog.template_name = "default";
    map.require("zone");
    map.read("zone", dns::Name::from_text, name);
    map.require("role");
    map.read_choice("role", kRoles, role);
    map.read("template", path_from_text, catalog.template_name);
    map.read("grace", duration_from_text, catalog.grace);
    map.read("max-removals", removal_cap_from_text, catalog.max_removals);
    const ZoneDraft* members = zones.template_named(
        catalog.template_name, map.has("template") ? map.find("template")->mark : map.mark());
    if (!name || !role || members == nullptr || !zones.claim(*name, map.find("zone")->mark)) {
        return;
    }
    catalog.zone = *name;
    catalog.role = *role;
    const Entry entry{.map = map, .members = *members, .mark = map.find("zone")->mark};
    if (*role == CatalogRole::producer) {
        add_producer(entry, catalog, loading);
    } else {
        add_consumer(entry, std::move(catalog), loading);
    }
}

void keep_templates(Loading& loading, const ZoneList& zones) {
    for (const auto& [name, draft] : zones.templates()) {
        loading.config.templates.push_back(
            {.name = name,
             .settings = std::make_shared<const ZoneSettings>(draft.settings),
             .has_allow_notify = draft.has_allow_notify});
    }
    std::sort(loading.config.templates.begin(), loading.config.templates.end(),
              [](const Template& a, const Template& b) { return a.name < b.name; });
}

}  // namespace

void read_catalogs(const MapReader& top, Loading& loading, ZoneList& zones) {
    for (const Node& node : top.list("catalogs")) {
        read_catalog(node, loading, zones);
    }
    const auto& catalogs = loading.config.catalogs;
    if (std::any_of(catalogs.begin(), catalogs.end(),
                    [](const Catalog& each) { return each.role == CatalogRole::consumer; })) {
        keep_templates(loading, zones);
    }
}

}  // namespace twinzone::config
