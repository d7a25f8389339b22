#include "common/config/map_reader.h"

#include <algorithm>
#include <vector>

#include "common/config/schema.h"
#include "common/config/zone_path.h"

namespace twinzone::config {

namespace {

// Where else a key that is unknown here is known: "'listen' belongs into 'server'".
std::string other_place(std::string_view key, std::string_view where) {
    for (const Schema& schema : kSchemas) {
        const bool is_there = std::any_of(schema.keys.begin(), schema.keys.end(),
                                          [&](const KeySpec& spec) { return spec.name == key; });
        if (is_there && schema.where != where) {
            return fmt::format("; it belongs into {}", schema.where);
        }
    }
    return {};
}

std::string suggestion(std::string_view key, const Schema& schema) {
    std::vector<std::string_view> names;
    for (const KeySpec& spec : schema.keys) {
        names.push_back(spec.name);
    }
    const std::string near = did_you_mean(key, names);
    return near.empty() ? other_place(key, schema.where) : near;
}

std::string_view name_of(Role role) {
    return role == Role::primary ? "primary" : "secondary";
}

}  // namespace

MapReader::MapReader(const Node& node, const Schema& schema, Role role, Diagnostics& diagnostics)
    : node_(node), where_(schema.where), diagnostics_(diagnostics) {
    if (node.kind != NodeKind::map) {
        diagnostics_.error(node.mark,
                           fmt::format("{} is a map, not {}", where_, in_words(node.kind)));
        return;
    }
    for (const NodeEntry& entry : node.entries) {
        check_key(entry, schema, role);
    }
}

void MapReader::check_key(const NodeEntry& entry, const Schema& schema, Role role) {
    const auto spec = std::find_if(schema.keys.begin(), schema.keys.end(),
                                   [&](const KeySpec& each) { return each.name == entry.key; });
    if (spec == schema.keys.end()) {
        diagnostics_.error(entry.key_mark, fmt::format("unknown key {} in {}{}", quoted(entry.key),
                                                       where_, suggestion(entry.key, schema)));
        return;
    }
    const bool is_other = (spec->use == KeyUse::primary_only && role == Role::secondary) ||
                          (spec->use == KeyUse::secondary_only && role == Role::primary);
    if (is_other) {
        diagnostics_.error(
            entry.key_mark,
            fmt::format("'{}' is for the {}; this is the configuration of the {}", entry.key,
                        name_of(role == Role::primary ? Role::secondary : Role::primary),
                        name_of(role)));
    } else if (entry.value.kind == NodeKind::null) {
        diagnostics_.error(entry.key_mark, fmt::format("'{}' has no value", entry.key));
    }
}

bool MapReader::has(std::string_view key) const {
    return is_map() && find_entry(node_, key) != nullptr;
}

const Node* MapReader::find(std::string_view key) const {
    const NodeEntry* entry = is_map() ? find_entry(node_, key) : nullptr;
    return entry != nullptr && entry->value.kind != NodeKind::null ? &entry->value : nullptr;
}

Mark MapReader::key_mark(std::string_view key) const {
    const NodeEntry* entry = is_map() ? find_entry(node_, key) : nullptr;
    return entry != nullptr ? entry->key_mark : node_.mark;
}

const Node* MapReader::require(std::string_view key) const {
    if (is_map() && !has(key)) {
        diagnostics_.error(node_.mark, fmt::format("{} has no '{}'", where_, key));
    }
    return find(key);
}

const std::string* MapReader::text(std::string_view key) const {
    const Node* node = find(key);
    return node != nullptr ? text_of(*node, fmt::format("'{}'", key), diagnostics_) : nullptr;
}

std::span<const Node> MapReader::list(std::string_view key) const {
    const Node* node = find(key);
    if (node == nullptr) {
        return {};
    }
    if (node->kind != NodeKind::sequence) {
        diagnostics_.error(node->mark, fmt::format("'{}' is a list, not {}; write [ … ]", key,
                                                   in_words(node->kind)));
    }
    return node->items;
}

std::optional<std::size_t> MapReader::choice(std::string_view key,
                                             std::span<const std::string_view> words) const {
    const std::string* value = text(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    const auto at = std::find(words.begin(), words.end(), *value);
    if (at == words.end()) {
        const std::string near = did_you_mean(*value, words);
        diagnostics_.error(
            find(key)->mark,
            fmt::format(
                "{} cannot be {}{}", key, quoted(*value),
                near.empty() ? fmt::format("; it is one of {}", fmt::join(words, ", ")) : near));
        return std::nullopt;
    }
    return static_cast<std::size_t>(at - words.begin());
}

const std::string* text_of(const Node& node, std::string_view what, Diagnostics& diagnostics) {
    if (node.kind == NodeKind::scalar) {
        return &node.text;
    }
    diagnostics.error(node.mark,
                      fmt::format("{} is a single value, not {}", what, in_words(node.kind)));
    return nullptr;
}

Result<std::string> path_from_text(std::string_view text) {
    if (text.empty() || text.find('\0') != std::string_view::npos) {
        return fail(Errc::usage, "is no path");
    }
    return std::string{text};
}

Result<std::string> pattern_from_text(std::string_view text) {
    Result<std::string> path = path_from_text(text);
    if (Result<void> pattern = check_path_pattern(text); path && !pattern) {
        return fail(std::move(pattern).error());
    }
    return path;
}

}  // namespace twinzone::config
