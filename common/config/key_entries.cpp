// The entries of `keys` as they were written.
#include <filesystem>

#include "common/config/config_text.h"
#include "common/config/file_text.h"
#include "common/config/loader.h"
#include "common/config/yaml_tree.h"

namespace twinzone::config {

namespace {

std::string text_in(const Node& entry, std::string_view key) {
    const NodeEntry* found = find_entry(entry, key);
    return found != nullptr && found->value.kind == NodeKind::scalar ? found->value.text
                                                                     : std::string{};
}

std::string absolute(const std::string& path) {
    return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
}

}  // namespace

Result<std::vector<KeyEntry>> key_entries(const Config& config) {
    std::vector<KeyEntry> entries;
    if (config.file.empty()) {
        if (!config.key_file.empty()) {
            entries.push_back({.name = config.key_name,
                               .algorithm = {},
                               .secret_file = absolute(config.key_file),
                               .secret = {}});
        }
        return entries;
    }
    Result<FileText> file = read_file(config.file, kMaxFileBytes);
    if (!file) {
        return fail(std::move(file).error());
    }
    Diagnostics diagnostics;
    const std::uint32_t number = diagnostics.add_file(config.file, std::move(file->text));
    diagnostics.distrust(number);
    const std::optional<Node> root = parse_yaml(number, diagnostics);
    if (!root || root->kind != NodeKind::map) {
        return diagnostics.empty() ? Result<std::vector<KeyEntry>>{fail(Errc::config_invalid,
                                                                        config.file + ": no map")}
                                   : fail(diagnostics.to_error());
    }
    const NodeEntry* keys = find_entry(*root, "keys");
    if (keys == nullptr) {
        return entries;
    }
    for (const Node& item : keys->value.items) {
        if (item.kind == NodeKind::map) {
            entries.push_back({.name = text_in(item, "name"),
                               .algorithm = text_in(item, "algorithm"),
                               .secret_file = absolute(text_in(item, "secret-file")),
                               .secret = text_in(item, "secret")});
        }
    }
    return entries;
}

}  // namespace twinzone::config
