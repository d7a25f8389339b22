// Reads one map of the configuration by a list of its keys: says what is unknown, not for this role
// or not in this version yet, and gives typed values of the rest.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/base/result.h"
#include "common/config/config.h"
#include "common/config/diagnostics.h"
#include "common/config/suggestion.h"
#include "common/config/yaml_tree.h"

namespace twinzone::config {

enum class KeyUse : std::uint8_t {
    both,
    primary_only,
    secondary_only,
};

struct KeySpec {
    std::string_view name;
    KeyUse use = KeyUse::both;
};

// One kind of map: how errors call it, and its keys.
struct Schema {
    std::string_view where;
    std::span<const KeySpec> keys;
};

// Borrows node, schema and diagnostics.
class MapReader {
  public:
    // Reports what is wrong with the keys. Anything else than a map is reported and read as {}.
    MapReader(const Node& node, const Schema& schema, Role role, Diagnostics& diagnostics);

    // False where the node was no map: what would be missing then is no error of its own.
    [[nodiscard]] bool is_map() const noexcept { return node_.kind == NodeKind::map; }
    [[nodiscard]] Mark mark() const noexcept { return node_.mark; }

    // True where the key is written, whatever its value.
    [[nodiscard]] bool has(std::string_view key) const;

    // The value, or null where the key is not there or not to be used.
    [[nodiscard]] const Node* find(std::string_view key) const;

    // The place of the key, or of the map where it is not there.
    [[nodiscard]] Mark key_mark(std::string_view key) const;

    // The same; reports a key that is not written.
    const Node* require(std::string_view key) const;

    // The text of a scalar; null and reported where it is something else.
    [[nodiscard]] const std::string* text(std::string_view key) const;

    // The items of a list; empty, and reported, where it is something else.
    [[nodiscard]] std::span<const Node> list(std::string_view key) const;

    // Sets `out` by a parser Result<T>(std::string_view), where the key is written and right.
    template <class T, class Parse>
    void read(std::string_view key, Parse parse, T& out) const {
        const std::string* value = text(key);
        if (value == nullptr) {
            return;
        }
        auto parsed = parse(std::string_view{*value});
        if (parsed) {
            out = static_cast<T>(*parsed);
        } else {
            diagnostics_.error(find(key)->mark,
                               fmt::format("{}: {}", key, parsed.error().detail()));
        }
    }

    // Sets `out` to what the word stands for.
    template <class T, class Meaning, std::size_t N>
    void read_choice(std::string_view key,
                     const std::array<std::pair<std::string_view, Meaning>, N>& choices,
                     T& out) const {
        std::array<std::string_view, N> words;
        for (std::size_t i = 0; i < N; ++i) {
            words[i] = choices[i].first;
        }
        if (const auto at = choice(key, words)) {
            out = choices[*at].second;
        }
    }

  private:
    void check_key(const NodeEntry& entry, const Schema& schema, Role role);
    [[nodiscard]] std::optional<std::size_t> choice(std::string_view key,
                                                    std::span<const std::string_view> words) const;

    const Node& node_;
    std::string_view where_;
    Diagnostics& diagnostics_;
};

// The text of an item in a list; null and reported where it is something else.
[[nodiscard]] const std::string* text_of(const Node& node, std::string_view what,
                                         Diagnostics& diagnostics);

// Any not empty path without a NUL; `what` it is a path of.
[[nodiscard]] Result<std::string> path_from_text(std::string_view text);

// The same, with %s for a zone's name in it (zone_path.h).
[[nodiscard]] Result<std::string> pattern_from_text(std::string_view text);

}  // namespace twinzone::config
