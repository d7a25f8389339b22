// What the sections of a configuration share while they are read. Sections are read in the order of
// their references: keys, remotes, templates, zones.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/config/config.h"
#include "common/config/diagnostics.h"
#include "common/config/map_reader.h"

namespace twinzone::config {

struct Loading {
    Role role{};
    Diagnostics& diagnostics;
    Config config;
    bool readable_by_others = false;  // the file itself: then it must not hold a secret

    // By name; null where the declaration is wrong, which is reported once and not again at every
    // reference.
    std::unordered_map<dns::Name, dns::TsigKeyPtr, dns::NameHash> keys{};
    std::unordered_map<std::string, TlsPtr> tls{};
    std::unordered_map<std::string, RemotePtr> remotes{};
    // As they are written, for "did you mean".
    std::vector<std::string> key_names{};
    std::vector<std::string> tls_names{};
    std::vector<std::string> remote_names{};
};

// sections.cpp
void read_server(const MapReader& top, Loading& loading);
// A list of addresses, each once.
[[nodiscard]] std::vector<Endpoint> endpoints_of(const MapReader& map, std::string_view key,
                                                 std::uint16_t port, Loading& loading);
void read_store(const MapReader& top, Loading& loading);
// shared_settings.cpp
void read_shared(const MapReader& store, Loading& loading);
// sections.cpp
void read_control(const MapReader& top, Loading& loading);
void read_log(const MapReader& top, Loading& loading);
void read_limits(const MapReader& top, Loading& loading);
void read_web(const MapReader& top, Loading& loading);

// identities.cpp
void read_keys(const MapReader& top, Loading& loading);
void read_remotes(const MapReader& top, Loading& loading);
// The key or remotes that a value names; what is not there is reported.
[[nodiscard]] dns::TsigKeyPtr key_named(const Node& node, Loading& loading);
// A name that refers to something and can be told from addresses.
[[nodiscard]] Result<std::string> word_from_text(std::string_view text);
// A list of networks.
[[nodiscard]] std::vector<IpPrefix> prefixes_of(const MapReader& map, std::string_view key,
                                                Loading& loading);
[[nodiscard]] std::vector<RemotePtr> remotes_named(std::span<const Node> nodes, Loading& loading);
[[nodiscard]] std::vector<AccessRule> rules_of(std::span<const Node> nodes, Loading& loading);

// guard_settings.cpp
// The words of a list, as written; empty where the key is not there.
[[nodiscard]] std::vector<std::string> words_of(const MapReader& map, std::string_view key,
                                                Loading& loading);

// tls_settings.cpp
void read_tls(const MapReader& top, Loading& loading);
// The entry of `tls` that a value names; what is not there is reported.
[[nodiscard]] TlsPtr tls_named(const Node& node, Loading& loading);
// `listen-tls` and `tls` of the server; after read_tls().
void read_server_tls(const MapReader& top, Loading& loading);

// zones.cpp
void read_zones(const MapReader& top, Loading& loading);

// The rule that a remote's name stands for: its addresses and its key.
[[nodiscard]] AccessRule rule_for(const Remote& remote);

}  // namespace twinzone::config
