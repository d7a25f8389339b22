// `tls`: certificates, and whom to believe; `server.listen-tls` and `server.tls`.
#include <algorithm>

#include "common/config/loading.h"
#include "common/config/schema.h"
#include "common/config/values.h"

namespace twinzone::config {

namespace {

constexpr std::string_view kPinPrefix = "sha256/";

using Pin = std::array<std::uint8_t, 32>;

// "sha256/BASE64", as RFC 7858 §4.2 and many tools write it.
Result<Pin> pin_from_text(std::string_view text) {
    const bool has_prefix = text.starts_with(kPinPrefix);
    const Result<Bytes> octets =
        base64_from_text(has_prefix ? text.substr(kPinPrefix.size()) : text);
    Pin pin{};
    if (!has_prefix || !octets || octets->size() != pin.size()) {
        return fail(Errc::usage, "a pin is sha256/ and the base64 of 32 octets");
    }
    std::copy(octets->begin(), octets->end(), pin.begin());
    return pin;
}

Result<std::string> host_from_text(std::string_view text) {
    Result<dns::Name> name = dns::Name::from_text(text);
    if (!name) {
        return fail(std::move(name).error());
    }
    // A certificate has names without the closing dot.
    return std::string{text.ends_with('.') ? text.substr(0, text.size() - 1) : text};
}

void read_entry(const Node& node, Loading& loading) {
    const MapReader entry{node, kTlsSchema, loading.role, loading.diagnostics};
    auto tls = std::make_shared<Tls>();
    entry.require("name");
    entry.read("name", word_from_text, tls->name);
    entry.read("cert", path_from_text, tls->certificate);
    entry.read("key", path_from_text, tls->key);
    entry.read("ca", path_from_text, tls->ca);
    entry.read("server-name", host_from_text, tls->server_name);
    entry.read("client-name", host_from_text, tls->client_name);
    for (const Node& item : entry.list("pin")) {
        const std::string* text = text_of(item, "a pin", loading.diagnostics);
        const Result<Pin> pin = text != nullptr ? pin_from_text(*text) : Pin{};
        if (pin) {
            tls->pins.push_back(*pin);
        } else {
            loading.diagnostics.error(item.mark, pin.error().detail());
        }
    }
    if (entry.has("cert") != entry.has("key")) {
        loading.diagnostics.error(entry.key_mark(entry.has("cert") ? "cert" : "key"),
                                  "'cert' and 'key' go together");
    }
    if (tls->name.empty()) {
        return;
    }
    if (!loading.tls.emplace(tls->name, tls).second) {
        loading.diagnostics.error(entry.find("name")->mark,
                                  fmt::format("there is already a tls '{}'", tls->name));
        return;
    }
    loading.tls_names.push_back(tls->name);
    loading.config.tls.push_back(std::move(tls));
}

}  // namespace

void read_tls(const MapReader& top, Loading& loading) {
    for (const Node& item : top.list("tls")) {
        read_entry(item, loading);
    }
}

TlsPtr tls_named(const Node& node, Loading& loading) {
    const std::string* name = text_of(node, "the name of a tls entry", loading.diagnostics);
    if (name == nullptr) {
        return nullptr;
    }
    const auto found = loading.tls.find(*name);
    if (found != loading.tls.end()) {
        return found->second;
    }
    const std::vector<std::string_view> names{loading.tls_names.begin(), loading.tls_names.end()};
    loading.diagnostics.error(
        node.mark, fmt::format("no tls is named {}{}", quoted(*name), did_you_mean(*name, names)));
    return nullptr;
}

void read_server_tls(const MapReader& top, Loading& loading) {
    const Node* node = top.find("server");
    if (node == nullptr || node->kind != NodeKind::map) {
        return;
    }
    Diagnostics ignored;  // read_server() has told what is wrong with the keys
    const MapReader keys{*node, kServerSchema, loading.role, ignored};
    const Node* listen = keys.find("listen-tls");
    const Node* tls = keys.find("tls");
    if (tls != nullptr) {
        loading.config.server_tls = tls_named(*tls, loading);
    }
    if (listen != nullptr && listen->kind == NodeKind::sequence && !listen->items.empty() &&
        tls == nullptr) {
        loading.diagnostics.error(keys.key_mark("listen-tls"),
                                  "'listen-tls' needs 'tls', the entry with our certificate");
    }
    if (tls != nullptr && loading.config.server_tls &&
        loading.config.server_tls->certificate.empty()) {
        loading.diagnostics.error(tls->mark,
                                  fmt::format("tls '{}' has no 'cert' and 'key' to show to clients",
                                              loading.config.server_tls->name));
    }
}

}  // namespace twinzone::config
