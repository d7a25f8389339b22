// `output`: where a secondary's committed versions go, and who must answer them.
#include "common/config/schema.h"
#include "common/config/values.h"
#include "common/config/zone_path.h"
#include "common/config/zone_settings.h"

namespace twinzone::config {

namespace {

constexpr std::array<std::pair<std::string_view, OutputMode>, 3> kModes = {
    std::pair{std::string_view{"none"}, OutputMode::none},
    {"loopback", OutputMode::loopback},
    {"file", OutputMode::file}};
constexpr std::array<std::pair<std::string_view, ReloadKind>, 7> kReloads = {
    std::pair{std::string_view{"none"}, ReloadKind::none},
    {"bind", ReloadKind::bind},
    {"nsd", ReloadKind::nsd},
    {"knot", ReloadKind::knot},
    {"pdns", ReloadKind::pdns},
    {"coredns", ReloadKind::coredns},
    {"command", ReloadKind::command}};

// The server beside us: an address, or the name of a remote (its first address and its key).
RemotePtr server_named(const Node& node, Loading& loading) {
    if (node.kind != NodeKind::scalar || loading.remotes.contains(node.text)) {
        const std::vector<RemotePtr> remotes = remotes_named({&node, 1}, loading);
        return remotes.empty() ? nullptr : remotes.front();
    }
    const Result<Endpoint> at = Endpoint::from_text(node.text, kDnsPort);
    if (at && at->port != 0) {
        return std::make_shared<const Remote>(
            Remote{.name = at->to_text(), .addresses = {*at}, .key = nullptr, .tls = nullptr});
    }
    // A word is meant as a name; what has other characters is meant as an address.
    if (at || !word_from_text(node.text)) {
        loading.diagnostics.error(node.mark,
                                  at ? "nobody can be reached at port 0" : at.error().detail());
        return nullptr;
    }
    static_cast<void>(remotes_named({&node, 1}, loading));
    return nullptr;
}

std::vector<std::string> command_of(const MapReader& output, Loading& loading) {
    const Node* node = output.find("command");
    if (node != nullptr && node->kind == NodeKind::sequence && node->items.empty()) {
        loading.diagnostics.error(node->mark, "'command' names a program");
    }
    return words_of(output, "command", loading);
}

void check_mode(const MapReader& map, const Output& output, Loading& loading) {
    switch (output.mode) {
        case OutputMode::file: map.require("path"); break;
        case OutputMode::loopback: map.require("verify"); break;
        case OutputMode::none: break;
    }
    struct Use {
        std::string_view key;
        bool is_used;
    };
    const Use uses[] = {
        {"path", output.mode == OutputMode::file},
        {"reload", output.mode == OutputMode::file},
        // A reload that was misspelt is an error of its own.
        {"command", output.reload != ReloadKind::none || map.has("reload")},
        {"verify", output.mode != OutputMode::none},
        {"timeout", output.mode != OutputMode::none},
    };
    for (const Use& use : uses) {
        if (map.has(use.key) && !use.is_used) {
            loading.diagnostics.error(map.key_mark(use.key),
                                      use.key == "command" && output.mode == OutputMode::file
                                          ? "'command' needs a 'reload'"
                                          : fmt::format("this mode has no use for '{}'", use.key));
        }
    }
    if (output.reload == ReloadKind::command) {
        map.require("command");
    }
}

}  // namespace

void read_output(const MapReader& map, Loading& loading, ZoneDraft& draft) {
    const Node* node = map.find("output");
    if (node == nullptr) {
        return;
    }
    Output output;
    draft.settings.output_pattern.clear();
    const MapReader reader{*node, kOutputSchema, loading.role, loading.diagnostics};
    if (reader.require("mode") != nullptr) {
        std::optional<OutputMode> mode;
        reader.read_choice("mode", kModes, mode);
        output.mode = mode.value_or(OutputMode::none);
        reader.read("path", pattern_from_text, draft.settings.output_pattern);
        reader.read_choice("reload", kReloads, output.reload);
        output.command = command_of(reader, loading);
        reader.read("timeout", nonzero_duration_from_text, output.verify_timeout);
        if (const Node* server = reader.find("verify")) {
            output.verify = server_named(*server, loading);
        }
        if (mode) {  // what does not go with it cannot be told where it is not known
            check_mode(reader, output, loading);
        }
    }
    draft.settings.output = std::move(output);
}

}  // namespace twinzone::config
