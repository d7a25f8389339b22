#include "common/config/loader.h"

#include "common/config/file_text.h"
#include "common/config/loading.h"
#include "common/config/schema.h"
#include "common/config/values.h"

namespace twinzone::config {

namespace {

constexpr std::uint64_t kVersion = 1;

void check_version(const MapReader& top, Diagnostics& diagnostics) {
    const Node* node = top.require("version");
    const std::string* text = node != nullptr ? top.text("version") : nullptr;
    if (text != nullptr && *text != std::to_string(kVersion)) {
        diagnostics.error(node->mark, fmt::format("version {} is not known; this program reads {}",
                                                  quoted(*text), kVersion));
    }
}

Result<Config> load(FileText file, const std::string& name, Role role) {
    Diagnostics diagnostics;
    const std::uint32_t number = diagnostics.add_file(name, std::move(file.text));
    const std::optional<Node> root = parse_yaml(number, diagnostics);
    if (!root) {
        return fail(diagnostics.to_error());
    }
    Loading loading{.role = role,
                    .diagnostics = diagnostics,
                    .config = {},
                    .readable_by_others = file.readable_by_others};
    loading.config.role = role;
    loading.config.file = name;
    const MapReader top{*root, kTopSchema, role, diagnostics};
    if (top.is_map()) {
        check_version(top, diagnostics);
        read_server(top, loading);
        read_store(top, loading);
        read_control(top, loading);
        read_log(top, loading);
        read_web(top, loading);
        read_limits(top, loading);
        read_keys(top, loading);
        read_tls(top, loading);
        read_server_tls(top, loading);
        read_remotes(top, loading);
        read_zones(top, loading);
    }
    if (!diagnostics.empty()) {
        return fail(diagnostics.to_error());
    }
    return std::move(loading.config);
}

std::string_view word_of(Role role) {
    return role == Role::primary ? "primary" : "secondary";
}

}  // namespace

Result<Config> load_file(const std::string& path, Role role) {
    Result<FileText> file = read_file(path, kMaxFileBytes);
    if (!file) {
        return fail(std::move(file).error());
    }
    return load(std::move(*file), path, role);
}

Result<Config> load_text(std::string_view text, const std::string& display_name, Role role) {
    return load({.text = std::string{text}}, display_name, role);
}

Result<std::string> control_socket_in(const std::string& path, Role role) {
    Result<FileText> file = read_file(path, kMaxFileBytes);
    if (!file) {
        return fail(std::move(file).error());
    }
    Diagnostics diagnostics;
    const std::uint32_t number = diagnostics.add_file(path, std::move(file->text));
    const std::optional<Node> root = parse_yaml(number, diagnostics);
    if (!root || root->kind != NodeKind::map) {
        return diagnostics.empty()
                   ? Result<std::string>{fail(Errc::config_invalid, path + ": no map")}
                   : fail(diagnostics.to_error());
    }
    const NodeEntry* control = find_entry(*root, "control");
    if (control == nullptr || control->value.kind != NodeKind::map) {
        return default_control_socket(role);
    }
    const NodeEntry* socket = find_entry(control->value, "socket");
    return socket != nullptr && socket->value.kind == NodeKind::scalar
               ? socket->value.text
               : default_control_socket(role);
}

std::string default_file(Role role) {
    return fmt::format("/etc/twinzone/{}.yaml", word_of(role));
}

std::string default_store(Role role) {
    return fmt::format("/var/lib/twinzone/{}", word_of(role));
}

std::string default_control_socket(Role role) {
    return fmt::format("/run/twinzone/{}.sock", word_of(role));
}

}  // namespace twinzone::config
