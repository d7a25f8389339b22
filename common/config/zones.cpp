// Templates and zones: the list in the file itself and the zones file.
#include <unordered_map>

#include "common/config/file_text.h"
#include "common/config/schema.h"
#include "common/config/zone_list.h"

namespace twinzone::config {

namespace {

// 10 million names of usual length.
constexpr std::size_t kMaxZonesFileBytes = std::size_t{1} << 30;
constexpr std::string_view kDefaultTemplate = "default";

}  // namespace

ZoneList::ZoneList(Loading& loading) : loading_(loading) {
    templates_[std::string{kDefaultTemplate}];
    template_names_.emplace_back(kDefaultTemplate);
}

void ZoneList::read_templates(std::span<const Node> nodes) {
    for (const Node& node : nodes) {
        read_template(node);
    }
}

void ZoneList::read_template(const Node& node) {
    const MapReader entry{node, kTemplateSchema, loading_.role, loading_.diagnostics};
    std::string name;
    entry.require("name");
    entry.read("name", path_from_text, name);
    // Every template starts from the built-in values, not from `default`.
    ZoneDraft draft;
    draft.settings.template_name = name;
    read_settings(entry, loading_, draft);
    if (!draft.settings.source_directory.empty()) {
        loading_.config.directories.push_back(
            {.path = draft.settings.source_directory,
             .settings = std::make_shared<const ZoneSettings>(draft.settings)});
    }
    if (name.empty()) {
        return;
    }
    const bool is_default = name == kDefaultTemplate;
    if (is_default ? default_written_ : templates_.contains(name)) {
        loading_.diagnostics.error(entry.find("name")->mark,
                                   fmt::format("there is already a template {}", quoted(name)));
        return;
    }
    default_written_ = default_written_ || is_default;
    if (!is_default) {
        template_names_.push_back(name);
    }
    templates_[name] = std::move(draft);
}

ZoneDraft* ZoneList::template_named(std::string_view name, Mark mark) {
    const auto found = templates_.find(std::string{name});
    if (found != templates_.end()) {
        return &found->second;
    }
    const std::vector<std::string_view> names{template_names_.begin(), template_names_.end()};
    loading_.diagnostics.error(
        mark, fmt::format("no template is named {}{}", quoted(name), did_you_mean(name, names)));
    return nullptr;
}

void ZoneList::read_entry(const Node& node) {
    if (node.kind == NodeKind::scalar) {
        loading_.diagnostics.error(node.mark, fmt::format("write {{ zone: {} }}", node.text));
        return;
    }
    const MapReader entry{node, kZoneSchema, loading_.role, loading_.diagnostics};
    std::optional<dns::Name> name;
    entry.require("zone");
    entry.read("zone", dns::Name::from_text, name);
    std::string template_name{kDefaultTemplate};
    entry.read("template", path_from_text, template_name);
    const Node* written = entry.find("template");
    const ZoneDraft* start =
        template_named(template_name, written != nullptr ? written->mark : entry.mark());
    ZoneDraft draft = start != nullptr ? *start : ZoneDraft{};
    read_settings(entry, loading_, draft);
    if (name && start != nullptr) {
        add(draft, *name, entry.find("zone")->mark);
    }
}

bool ZoneList::claim(const dns::Name& name, Mark mark) {
    const auto [first, is_new] = marks_.emplace(name, mark);
    if (!is_new) {
        const Mark other = first->second;
        loading_.diagnostics.error(mark,
                                   fmt::format("zone {} is already in {}:{}", name.to_text(),
                                               loading_.diagnostics.name(other.file), other.line));
    }
    return is_new;
}

void ZoneList::add(ZoneDraft& draft, const dns::Name& name, Mark mark) {
    if (!claim(name, mark)) {
        return;
    }
    if (std::optional<Zone> zone = zone_with(draft, name, mark, loading_)) {
        loading_.config.zones.push_back(std::move(*zone));
    }
}

void ZoneList::read_zones_file(const std::string& path, Mark mark) {
    Result<FileText> read = read_file(path, kMaxZonesFileBytes);
    if (!read) {
        loading_.diagnostics.error(mark, read.error().detail());
        return;
    }
    const std::uint32_t file = loading_.diagnostics.add_file(path, std::move(read->text));
    std::string_view rest = loading_.diagnostics.text(file);
    for (std::uint32_t line = 1; !rest.empty(); ++line) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        read_zones_line(rest.substr(0, end), {.file = file, .line = line, .column = 1});
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

// `name [template]`, and a comment after '#' at the start of a word.
void ZoneList::read_zones_line(std::string_view line, Mark mark) {
    constexpr std::string_view kSpace = " \t\r";
    std::array<std::string_view, 3> words;
    std::array<Mark, 3> marks{mark, mark, mark};
    std::size_t count = 0;
    for (std::size_t at = line.find_first_not_of(kSpace);
         at != std::string_view::npos && line[at] != '#' && count < words.size(); ++count) {
        const std::size_t end = std::min(line.find_first_of(kSpace, at), line.size());
        words[count] = line.substr(at, end - at);
        marks[count].column = static_cast<std::uint32_t>(at) + 1;
        at = line.find_first_not_of(kSpace, end);
    }
    if (count == 0) {
        return;
    }
    if (count == words.size()) {
        loading_.diagnostics.error(marks[2], "a line is: name [template]");
        return;
    }
    Result<dns::Name> name = dns::Name::from_text(words[0]);
    if (!name) {
        loading_.diagnostics.error(marks[0], name.error().detail());
        return;
    }
    if (ZoneDraft* draft = template_named(count > 1 ? words[1] : kDefaultTemplate, marks[1])) {
        add(*draft, *name, marks[0]);
    }
}

// Two zones that write one file would overwrite each other for ever.
void ZoneList::check_outputs() {
    std::unordered_map<std::string, const Zone*> writers;
    for (const Zone& zone : loading_.config.zones) {
        if (zone->output.mode != OutputMode::file) {
            continue;
        }
        const auto [first, is_new] = writers.emplace(zone.output_path(), &zone);
        if (!is_new) {
            loading_.diagnostics.error(
                marks_.at(zone.name),
                fmt::format("zone {} writes {}, as does {}; a path with %s is one file a zone",
                            zone.name.to_text(), quoted(first->first),
                            first->second->name.to_text()));
        }
    }
}

namespace {

void check_directories(Loading& loading, Mark mark) {
    const auto& directories = loading.config.directories;
    for (std::size_t i = 0; i < directories.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (directories[i].path == directories[j].path) {
                loading.diagnostics.error(
                    mark, fmt::format("the directory {} is in two templates", directories[i].path));
            }
        }
    }
}

}  // namespace

void read_zones(const MapReader& top, Loading& loading) {
    ZoneList zones{loading};
    zones.read_templates(top.list("templates"));
    check_directories(loading, top.key_mark("templates"));
    for (const Node& node : top.list("zones")) {
        zones.read_entry(node);
    }
    if (const std::string* path = top.text("zones-file")) {
        zones.read_zones_file(*path, top.find("zones-file")->mark);
    }
    zones.check_outputs();
    read_catalogs(top, loading, zones);
    if (!top.has("zones") && !top.has("zones-file") && !top.has("catalogs") &&
        loading.config.directories.empty()) {
        loading.diagnostics.error(
            top.mark(), loading.role == Role::primary
                            ? "no zones: neither 'zones' nor 'zones-file' nor a template with a "
                              "source of 'directory' nor 'catalogs'"
                            : "no zones: neither 'zones' nor 'zones-file' nor 'catalogs'");
    }
}

}  // namespace twinzone::config
