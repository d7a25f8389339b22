// A YAML document as a tree with the place of every node. Strict: duplicate keys, tags, anchors,
// aliases, keys that are no words and a second document are errors. The only place that knows
// yaml-cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/config/diagnostics.h"

namespace twinzone::config {

enum class NodeKind : std::uint8_t { null, scalar, sequence, map };

struct NodeEntry;

struct Node {
    NodeKind kind = NodeKind::null;
    Mark mark;
    std::string text;                // scalar
    std::vector<Node> items;         // sequence
    std::vector<NodeEntry> entries;  // map, in the order of the file; keys are unique
};

struct NodeEntry {
    std::string key;
    Mark key_mark;
    Node value;
};

// The document in `file`; nullopt where it is empty or cannot be parsed, which is then in
// `diagnostics`, as are all other errors.
[[nodiscard]] std::optional<Node> parse_yaml(std::uint32_t file, Diagnostics& diagnostics);

// The entry with this key, or null. Requires: a map.
[[nodiscard]] const NodeEntry* find_entry(const Node& map, std::string_view key);

// "a list", "a map", …
[[nodiscard]] std::string_view in_words(NodeKind kind) noexcept;

}  // namespace twinzone::config
