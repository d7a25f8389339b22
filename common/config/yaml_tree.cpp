#include "common/config/yaml_tree.h"

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
// NOLINTBEGIN(bugprone-forward-declaration-namespace): yaml-cpp has a Node too, in its namespace
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>
// NOLINTEND(bugprone-forward-declaration-namespace)

#include "common/base/assert.h"
#include "common/config/suggestion.h"

namespace twinzone::config {

namespace {

constexpr std::size_t kSlips = 2;

constexpr YAML::anchor_t kNoAnchor = 0;

// Values of keys like `secret`, slips included, are not shown in any error.
bool names_secret(std::string_view key) {
    return key != "secret-file" &&
           (key.find("secret") != std::string_view::npos || edit_distance(key, "secret") <= kSlips);
}

// Everything in an entry of `keys` is hidden but what cannot be the secret: a slip may have put it
// anywhere.
bool may_be_shown(const NodeEntry& entry) {
    return entry.key == "name" || entry.key == "secret-file" ||
           (entry.key == "algorithm" && entry.value.text.starts_with("hmac-"));
}

void hide_all(const Node& node, Diagnostics& diagnostics) {
    diagnostics.hide(node.text);
    for (const Node& item : node.items) {
        hide_all(item, diagnostics);
    }
    for (const NodeEntry& entry : node.entries) {
        diagnostics.hide(entry.key);
        hide_all(entry.value, diagnostics);
    }
}

void hide_keys(const Node& keys, Diagnostics& diagnostics) {
    for (const Node& key : keys.items) {
        for (const NodeEntry& entry : key.entries) {
            if (!may_be_shown(entry)) {
                hide_all(entry.value, diagnostics);
            }
        }
    }
}

class TreeBuilder final : public YAML::EventHandler {
  public:
    TreeBuilder(std::uint32_t file, Diagnostics& diagnostics)
        : file_(file), diagnostics_(diagnostics) {}

    void OnDocumentStart(const YAML::Mark& mark) override { start_ = place(mark); }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        check(place(mark), "?", anchor);
        add(node_of(NodeKind::null, mark));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        diagnostics_.error(place(mark), "aliases (*name) are not allowed; write the value out");
        add(node_of(NodeKind::null, mark));
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check(place(mark), tag, anchor);
        Node node = node_of(NodeKind::scalar, mark);
        node.text = value;
        add(std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        check(place(mark), tag, anchor);
        open_.push_back({.node = node_of(NodeKind::sequence, mark)});
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        check(place(mark), tag, anchor);
        open_.push_back({.node = node_of(NodeKind::map, mark)});
    }
    void OnMapEnd() override {
        check_unique(open_.back().node);
        close();
    }

    [[nodiscard]] Mark start() const noexcept { return start_; }
    [[nodiscard]] std::optional<Node> take_root() && { return std::move(root_); }

    [[nodiscard]] Mark place(const YAML::Mark& mark) const noexcept {
        if (mark.is_null()) {
            return {.file = file_};
        }
        return {.file = file_,
                .line = static_cast<std::uint32_t>(mark.line) + 1,
                .column = static_cast<std::uint32_t>(mark.column) + 1};
    }

  private:
    struct Key {
        std::string text;
        Mark mark;
        bool usable = true;
    };
    struct Open {
        Node node;
        std::optional<Key> key = std::nullopt;  // of the entry whose value comes next
    };

    [[nodiscard]] Node node_of(NodeKind kind, const YAML::Mark& mark) const {
        Node node;
        node.kind = kind;
        node.mark = place(mark);
        return node;
    }

    // yaml-cpp gives "?" for nodes without a tag and "!" for quoted ones.
    void check(Mark mark, const std::string& tag, YAML::anchor_t anchor) {
        if (tag != "?" && tag != "!" && !tag.empty()) {
            diagnostics_.error(mark, "tags (!name) are not allowed");
        }
        if (anchor != kNoAnchor) {
            diagnostics_.error(mark, "anchors (&name) are not allowed");
        }
    }

    void add(Node node) {
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == NodeKind::sequence) {
            parent.node.items.push_back(std::move(node));
        } else if (!parent.key) {
            parent.key = key_of(std::move(node));
        } else {
            Key key = *std::exchange(parent.key, std::nullopt);
            if (names_secret(key.text)) {
                hide_all(node, diagnostics_);
            } else if (open_.size() == 1 && key.text == "keys") {
                hide_keys(node, diagnostics_);
            }
            if (key.usable) {
                parent.node.entries.push_back({std::move(key.text), key.mark, std::move(node)});
            }
        }
    }

    Key key_of(Node node) {
        const bool usable = node.kind == NodeKind::scalar;
        if (!usable) {
            diagnostics_.error(node.mark,
                               fmt::format("a key is a word, not {}", in_words(node.kind)));
        }
        return {.text = std::move(node.text), .mark = node.mark, .usable = usable};
    }

    void close() {
        Node node = std::move(open_.back().node);
        open_.pop_back();
        add(std::move(node));
    }

    void check_unique(Node& map) {
        std::unordered_map<std::string, Mark> seen;
        const auto is_repeated = [&](const NodeEntry& entry) {
            const auto [first, is_new] = seen.emplace(entry.key, entry.key_mark);
            if (!is_new) {
                diagnostics_.error(entry.key_mark,
                                   fmt::format("duplicate key {}; it is already in line {}",
                                               quoted(entry.key), first->second.line));
            }
            return !is_new;
        };
        // The first stays. remove_if keeps the order and asks once for each, from the front.
        map.entries.erase(std::remove_if(map.entries.begin(), map.entries.end(), is_repeated),
                          map.entries.end());
    }

    std::uint32_t file_;
    Diagnostics& diagnostics_;
    Mark start_;
    std::vector<Open> open_;
    std::optional<Node> root_;
};

// Counts what comes after the first document without keeping it.
bool parse_documents(std::istream& in, TreeBuilder& builder, TreeBuilder& rest) {
    YAML::Parser parser{in};
    const bool found = parser.HandleNextDocument(builder);
    return found && parser.HandleNextDocument(rest);
}

}  // namespace

std::optional<Node> parse_yaml(std::uint32_t file, Diagnostics& diagnostics) {
    std::istringstream in{diagnostics.text(file)};
    TreeBuilder builder{file, diagnostics};
    Diagnostics ignored;
    TreeBuilder rest{file, ignored};
    try {
        if (parse_documents(in, builder, rest)) {
            diagnostics.error(rest.start(), "a second document; a configuration has only one");
        }
    } catch (const YAML::Exception& error) {
        diagnostics.distrust(file);
        diagnostics.error(builder.place(error.mark), "not YAML: " + error.msg);
        return std::nullopt;
    }
    std::optional<Node> root = std::move(builder).take_root();
    if (!root || root->kind == NodeKind::null) {
        diagnostics.error({.file = file}, "is empty; it begins with 'version: 1'");
        return std::nullopt;
    }
    return root;
}

const NodeEntry* find_entry(const Node& map, std::string_view key) {
    TWINZONE_ASSERT(map.kind == NodeKind::map);
    for (const NodeEntry& entry : map.entries) {
        if (entry.key == key) {
            return &entry;
        }
    }
    return nullptr;
}

std::string_view in_words(NodeKind kind) noexcept {
    switch (kind) {
        case NodeKind::null: return "nothing";
        case NodeKind::scalar: return "a single value";
        case NodeKind::sequence: return "a list";
        case NodeKind::map: return "a map";
    }
    TWINZONE_UNREACHABLE();
}

}  // namespace twinzone::config
