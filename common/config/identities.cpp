// Keys and remotes, and everything that refers to them.
#include <algorithm>
#include <cctype>

#include "common/config/key_file.h"
#include "common/config/loading.h"
#include "common/config/schema.h"
#include "common/config/values.h"

namespace twinzone::config {

namespace {

constexpr std::size_t kMaxWordBytes = 64;

std::string near(std::string_view word, const std::vector<std::string>& candidates) {
    const std::vector<std::string_view> views{candidates.begin(), candidates.end()};
    return did_you_mean(word, views);
}

// What a key's entry says besides its secret.
struct KeyClaim {
    std::optional<dns::Name> name;
    std::optional<dns::TsigAlgorithm> algorithm;
};

// A key file may hold name and algorithm too; they have to be those of the entry.
void check_agreement(const KeyText& file, const KeyClaim& claim, Mark mark, Loading& loading) {
    if (file.name && claim.name && *file.name != *claim.name) {
        loading.diagnostics.error(mark, fmt::format("the file holds the key {}, not {}",
                                                    file.name->to_text(), claim.name->to_text()));
    }
    if (file.algorithm && claim.algorithm && *file.algorithm != *claim.algorithm) {
        loading.diagnostics.error(
            mark, fmt::format("the key in the file is for {}, not {}",
                              dns::to_text(*file.algorithm), dns::to_text(*claim.algorithm)));
    }
}

std::optional<KeyText> read_inline_secret(const MapReader& entry, Loading& loading) {
    KeyText key;
    entry.read("secret", base64_from_text, key.secret);
    if (loading.readable_by_others) {
        loading.diagnostics.error(
            entry.key_mark("secret"),
            "a secret in a file that others can read; chmod 0640 the file, or "
            "use 'secret-file'");
    }
    return key.secret.empty() ? std::nullopt : std::optional{std::move(key)};
}

std::optional<KeyText> read_secret_file(const MapReader& entry, const KeyClaim& claim,
                                        Loading& loading) {
    const std::string* path = entry.text("secret-file");
    if (path == nullptr) {
        return std::nullopt;
    }
    Result<KeyText> key = read_key_file(*path);
    const Mark mark = entry.find("secret-file")->mark;
    if (!key) {
        loading.diagnostics.error(mark, key.error().detail());
        return std::nullopt;
    }
    check_agreement(*key, claim, mark, loading);
    return std::move(*key);
}

dns::TsigKeyPtr read_key(const MapReader& entry, const KeyClaim& claim, Loading& loading) {
    if (!entry.is_map()) {
        return nullptr;
    }
    if (entry.has("secret") == entry.has("secret-file")) {
        loading.diagnostics.error(entry.mark(), "a key has either 'secret' or 'secret-file'");
        return nullptr;
    }
    std::optional<KeyText> text = entry.has("secret") ? read_inline_secret(entry, loading)
                                                      : read_secret_file(entry, claim, loading);
    if (!text || !claim.name) {
        return nullptr;
    }
    const dns::TsigAlgorithm algorithm =
        claim.algorithm.value_or(text->algorithm.value_or(dns::TsigAlgorithm::hmac_sha256));
    auto key = dns::TsigKey::create(*claim.name, algorithm, std::move(text->secret));
    if (!key) {
        loading.diagnostics.error(entry.mark(), key.error().detail());
        return nullptr;
    }
    return *key;
}

std::vector<Endpoint> read_addresses(const MapReader& entry, std::uint16_t port, Loading& loading) {
    std::vector<Endpoint> addresses;
    const Node* list = entry.require("addresses");
    for (const Node& item : entry.list("addresses")) {
        const std::string* text = text_of(item, "an address", loading.diagnostics);
        if (text == nullptr) {
            continue;
        }
        Result<Endpoint> endpoint = Endpoint::from_text(*text, port);
        if (!endpoint) {
            loading.diagnostics.error(item.mark, endpoint.error().detail());
        } else if (endpoint->port == 0) {
            loading.diagnostics.error(item.mark, "nobody can be reached at port 0");
        } else {
            addresses.push_back(*endpoint);
        }
    }
    if (list != nullptr && list->kind == NodeKind::sequence && list->items.empty()) {
        loading.diagnostics.error(list->mark, "a remote has at least one address");
    }
    return addresses;
}

// The source address has to fit at least one of those that it is to reach.
void read_via(const MapReader& entry, Remote& remote, Loading& loading) {
    entry.read("via", IpAddress::from_text, remote.via);
    const bool fits = !remote.via || remote.addresses.empty() ||
                      std::any_of(remote.addresses.begin(), remote.addresses.end(),
                                  [&](const Endpoint& to) { return remote.source_for(to); });
    if (!fits) {
        loading.diagnostics.error(entry.find("via")->mark,
                                  fmt::format("{} is of IPv{}, none of the addresses is",
                                              remote.via->to_text(), remote.via->is_v4() ? 4 : 6));
    }
}

void read_remote(const Node& node, Loading& loading) {
    const MapReader entry{node, kRemoteSchema, loading.role, loading.diagnostics};
    auto remote = std::make_shared<Remote>();
    entry.require("name");
    entry.read("name", word_from_text, remote->name);
    if (remote->name == kNsSetWord) {
        loading.diagnostics.error(entry.find("name")->mark,
                                  fmt::format("'{}' in 'notify' means the zone's name servers; no "
                                              "remote can be called so",
                                              kNsSetWord));
    }
    if (const Node* tls = entry.find("tls")) {
        remote->tls = tls_named(*tls, loading);
    }
    const bool is_asked_over_tls = remote->tls && remote->tls->proves_server();
    remote->addresses = read_addresses(entry, is_asked_over_tls ? kTlsPort : kDnsPort, loading);
    if (const Node* key = entry.find("key")) {
        remote->key = key_named(*key, loading);
    }
    read_via(entry, *remote, loading);
    if (remote->name.empty()) {
        return;
    }
    if (!loading.remotes.emplace(remote->name, remote).second) {
        loading.diagnostics.error(entry.find("name")->mark,
                                  fmt::format("there is already a remote '{}'", remote->name));
        return;
    }
    loading.remote_names.push_back(remote->name);
    loading.config.remotes.push_back(std::move(remote));
}

RemotePtr remote_named(const Node& node, Loading& loading) {
    const std::string* name = text_of(node, "the name of a remote", loading.diagnostics);
    if (name == nullptr) {
        return nullptr;
    }
    const auto found = loading.remotes.find(*name);
    if (found != loading.remotes.end()) {
        return found->second;
    }
    const bool is_address = Endpoint::from_text(*name, kDnsPort) || IpPrefix::from_text(*name);
    loading.diagnostics.error(
        node.mark,
        fmt::format("no remote is named {}{}", quoted(*name),
                    is_address ? "; addresses stand in 'remotes', and in access rules as "
                                 "{ address: [ … ] }"
                               : near(*name, loading.remote_names)));
    return nullptr;
}

AccessRule read_rule(const Node& node, Loading& loading) {
    const MapReader rule{node, kRuleSchema, loading.role, loading.diagnostics};
    AccessRule result;
    result.addresses = prefixes_of(rule, "address", loading);
    const Node* list = rule.find("address");
    // A rule without a condition would let everybody in.
    if (list != nullptr && list->kind == NodeKind::sequence && list->items.empty()) {
        loading.diagnostics.error(list->mark, "an empty list of addresses");
    }
    if (rule.is_map() && !rule.has("address") && !rule.has("key") && !rule.has("tls")) {
        loading.diagnostics.error(rule.mark(), "an access rule needs 'address', 'key' or 'tls'");
    }
    if (const Node* key = rule.find("key")) {
        result.key = key_named(*key, loading);
    }
    if (const Node* tls = rule.find("tls")) {
        result.tls = tls_named(*tls, loading);
    }
    return result;
}

}  // namespace

std::vector<IpPrefix> prefixes_of(const MapReader& map, std::string_view key, Loading& loading) {
    std::vector<IpPrefix> prefixes;
    for (const Node& item : map.list(key)) {
        const std::string* text = text_of(item, "an address", loading.diagnostics);
        if (text == nullptr) {
            continue;
        }
        Result<IpPrefix> prefix = IpPrefix::from_text(*text);
        if (prefix) {
            prefixes.push_back(*prefix);
        } else {
            loading.diagnostics.error(item.mark, prefix.error().detail());
        }
    }
    return prefixes;
}

// Words that refer to something, and can be told from addresses.
Result<std::string> word_from_text(std::string_view text) {
    const bool is_word = !text.empty() && text.size() <= kMaxWordBytes &&
                         std::all_of(text.begin(), text.end(), [](char c) {
                             return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ||
                                    c == '_' || c == '.';
                         });
    if (!is_word || IpAddress::from_text(text)) {
        return fail(Errc::usage,
                    fmt::format("{} is no name; letters, digits, '-', '_' and '.'", quoted(text)));
    }
    return std::string{text};
}

void read_keys(const MapReader& top, Loading& loading) {
    for (const Node& item : top.list("keys")) {
        const MapReader entry{item, kKeySchema, loading.role, loading.diagnostics};
        KeyClaim claim;
        entry.require("name");
        entry.read("name", dns::Name::from_text, claim.name);
        entry.read("algorithm", algorithm_from_text, claim.algorithm);
        dns::TsigKeyPtr key = read_key(entry, claim, loading);
        if (!claim.name) {
            continue;
        }
        if (!loading.keys.emplace(*claim.name, key).second) {
            loading.diagnostics.error(
                entry.find("name")->mark,
                fmt::format("there is already a key {}", claim.name->to_text()));
        } else if (key) {
            loading.config.keys.add(std::move(key));
        }
        loading.key_names.push_back(claim.name->to_text());
    }
}

void read_remotes(const MapReader& top, Loading& loading) {
    for (const Node& item : top.list("remotes")) {
        read_remote(item, loading);
    }
}

dns::TsigKeyPtr key_named(const Node& node, Loading& loading) {
    const std::string* text = text_of(node, "the name of a key", loading.diagnostics);
    if (text == nullptr) {
        return nullptr;
    }
    Result<dns::Name> name = dns::Name::from_text(*text);
    if (!name) {
        loading.diagnostics.error(node.mark, name.error().detail());
        return nullptr;
    }
    const auto found = loading.keys.find(*name);
    if (found == loading.keys.end()) {
        loading.diagnostics.error(node.mark, fmt::format("no key is named {}{}", quoted(*text),
                                                         near(name->to_text(), loading.key_names)));
        return nullptr;
    }
    return found->second;
}

std::vector<RemotePtr> remotes_named(std::span<const Node> nodes, Loading& loading) {
    std::vector<RemotePtr> remotes;
    for (const Node& node : nodes) {
        RemotePtr remote = remote_named(node, loading);
        if (!remote) {
            continue;
        }
        if (std::find(remotes.begin(), remotes.end(), remote) != remotes.end()) {
            loading.diagnostics.error(node.mark,
                                      fmt::format("'{}' is twice in the list", remote->name));
            continue;
        }
        remotes.push_back(std::move(remote));
    }
    return remotes;
}

std::vector<AccessRule> rules_of(std::span<const Node> nodes, Loading& loading) {
    std::vector<AccessRule> rules;
    for (const Node& node : nodes) {
        if (node.kind == NodeKind::map) {
            rules.push_back(read_rule(node, loading));
        } else if (const RemotePtr remote = remote_named(node, loading)) {
            rules.push_back(rule_for(*remote));
        }
    }
    return rules;
}

AccessRule rule_for(const Remote& remote) {
    AccessRule rule;
    for (const Endpoint& endpoint : remote.addresses) {
        rule.addresses.emplace_back(endpoint.address);
    }
    rule.key = remote.key;
    rule.tls = remote.tls;
    return rule;
}

}  // namespace twinzone::config
