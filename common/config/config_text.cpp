#include "common/config/config_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/config/loader.h"

namespace twinzone::config {

namespace {

bool is_plain(std::string_view text) {
    const auto is_safe = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               std::string_view{"._/@-"}.find(c) != std::string_view::npos;
    };
    constexpr std::array<std::string_view, 4> kNulls = {"null", "Null", "NULL", "~"};
    return !text.empty() && std::all_of(text.begin(), text.end(), is_safe) && text[0] != '@' &&
           text[0] != '-' && std::find(kNulls.begin(), kNulls.end(), text) == kNulls.end();
}

std::string listen_text(const std::vector<Endpoint>& endpoints) {
    std::vector<std::string> texts;
    texts.reserve(endpoints.size());
    for (const Endpoint& endpoint : endpoints) {
        texts.push_back(scalar_text(endpoint.to_text()));
    }
    return fmt::format("[{}]", fmt::join(texts, ", "));
}

std::string limits_text(const Limits& limits) {
    const Limits usual;
    std::string text;
    const auto add = [&text](std::string_view key, bool is_usual, const std::string& value) {
        text += is_usual ? "" : fmt::format("  {}: {}\n", key, value);
    };
    const auto count = [&](std::string_view key, std::uint64_t value, std::uint64_t usually) {
        add(key, value == usually, fmt::to_string(value));
    };
    const auto duration = [&](std::string_view key, seconds value, seconds usually) {
        add(key, value == usually, duration_text(value));
    };
    count("zone-records", limits.zone_records, usual.zone_records);
    add("zone-bytes", limits.zone_bytes == usual.zone_bytes, size_text(limits.zone_bytes));
    count("transfers-in", limits.transfers_in, usual.transfers_in);
    count("transfers-out", limits.transfers_out, usual.transfers_out);
    count("per-remote", limits.per_remote, usual.per_remote);
    duration("transfer-time", limits.transfer_time, usual.transfer_time);
    duration("transfer-idle", limits.transfer_idle, usual.transfer_idle);
    add("min-rate", limits.min_rate == usual.min_rate, size_text(limits.min_rate));
    count("soa-rate", limits.soa_rate, usual.soa_rate);
    count("notify-rate", limits.notify_rate, usual.notify_rate);
    count("tcp-clients", limits.tcp_clients, usual.tcp_clients);
    duration("tcp-idle", limits.tcp_idle, usual.tcp_idle);
    return text.empty() ? text : fmt::format("limits:\n{}", text);
}

std::string head_text(const Config& config) {
    std::string text = "version: 1\n";
    text += fmt::format("server:\n  listen: {}\n", listen_text(config.listen));
    if (!config.listen_tls.empty()) {
        text += fmt::format("  listen-tls: {}\n", listen_text(config.listen_tls));
    }
    if (config.server_tls) {
        text += fmt::format("  tls: {}\n", scalar_text(config.server_tls->name));
    }
    if (!config.user.empty()) {
        text += fmt::format("  user: {}\n", scalar_text(config.user));
    }
    if (config.threads) {
        text += fmt::format("  threads: {}\n", *config.threads);
    }
    if (!config.proxy_from.empty()) {
        std::vector<std::string> networks;
        for (const IpPrefix& network : config.proxy_from) {
            networks.push_back(scalar_text(network.to_text()));
        }
        text += fmt::format("  proxy-from: [{}]\n", fmt::join(networks, ", "));
    }
    if (!config.nsid.empty()) {
        text += fmt::format("  nsid: {}\n", scalar_text(config.nsid));
    }
    text += fmt::format("store:\n  path: {}\n  max-size: {}\n", scalar_text(config.store_path),
                        size_text(config.store_max_bytes));
    if (config.shared) {
        const Shared& shared = *config.shared;
        text += fmt::format(
            "  shared: {{ postgresql: {}, name: {}, take-over: {}, max-versions: {}, max-size: {}, "
            "max-age: {} }}\n",
            scalar_text(shared.postgresql), scalar_text(shared.name),
            duration_text(shared.take_over), shared.max_versions, size_text(shared.max_bytes),
            duration_text(shared.max_age));
    }
    text += fmt::format("control: {{ socket: {}", scalar_text(config.control_socket));
    text += config.control_group.empty()
                ? std::string{}
                : fmt::format(", group: {}", scalar_text(config.control_group));
    text += " }\n";
    if (!config.web.empty()) {
        text += fmt::format("web: {{ listen: {} }}\n", listen_text(config.web));
    }
    text += fmt::format("log: {{ target: {}, level: {}, format: {} }}\n",
                        scalar_text(config.log.target), config.log.level,
                        config.log.json ? "json" : "text");
    return text + limits_text(config.limits);
}

std::string keys_text(std::span<const KeyEntry> keys) {
    std::string text = keys.empty() ? "" : "keys:\n";
    for (const KeyEntry& key : keys) {
        text += fmt::format("  - {{ name: {}", scalar_text(key.name));
        if (!key.algorithm.empty()) {
            text += fmt::format(", algorithm: {}", scalar_text(key.algorithm));
        }
        text += key.secret_file.empty()
                    ? fmt::format(", secret: {} }}\n", scalar_text(key.secret))
                    : fmt::format(", secret-file: {} }}\n", scalar_text(key.secret_file));
    }
    return text;
}

// RFC 4648 §4.
std::string base64(std::span<const std::uint8_t> octets) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < octets.size(); at += 3) {
        const std::size_t count = std::min<std::size_t>(3, octets.size() - at);
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            group = group << 8 | (i < count ? octets[at + i] : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            text += i <= count ? kDigits[group >> (18 - 6 * i) & 63U] : '=';
        }
    }
    return text;
}

std::string tls_text(const std::vector<TlsPtr>& entries) {
    std::string text = entries.empty() ? "" : "tls:\n";
    for (const TlsPtr& tls : entries) {
        text += fmt::format("  - name: {}\n", scalar_text(tls->name));
        const std::pair<std::string_view, const std::string&> values[] = {
            {"cert", tls->certificate},
            {"key", tls->key},
            {"ca", tls->ca},
            {"server-name", tls->server_name},
            {"client-name", tls->client_name}};
        for (const auto& [key, value] : values) {
            text += value.empty() ? "" : fmt::format("    {}: {}\n", key, scalar_text(value));
        }
        std::vector<std::string> pins;
        for (const auto& pin : tls->pins) {
            pins.push_back(scalar_text(fmt::format("sha256/{}", base64(pin))));
        }
        text += pins.empty() ? "" : fmt::format("    pin: [{}]\n", fmt::join(pins, ", "));
    }
    return text;
}

std::string remotes_text(const std::vector<RemotePtr>& remotes) {
    std::string text = remotes.empty() ? "" : "remotes:\n";
    for (const RemotePtr& remote : remotes) {
        text += fmt::format("  - {{ name: {}, addresses: {}", remote_word(remote->name),
                            listen_text(remote->addresses));
        if (remote->via) {
            text += fmt::format(", via: {}", scalar_text(remote->via->to_text()));
        }
        if (remote->key) {
            text += fmt::format(", key: {}", scalar_text(remote->key->name().to_text()));
        }
        if (remote->tls) {
            text += fmt::format(", tls: {}", scalar_text(remote->tls->name));
        }
        text += " }\n";
    }
    return text;
}

// A template for each kind of zone; the first one is `default`.
class Templates {
  public:
    [[nodiscard]] const std::string& name_of(std::string settings) {
        const auto [at, is_new] = names_.try_emplace(std::move(settings));
        if (is_new) {
            at->second = names_.size() == 1 ? "default" : fmt::format("t{}", names_.size());
            text_ += fmt::format("  - name: {}\n{}", at->second, at->first);
        }
        return at->second;
    }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::map<std::string, std::string> names_;  // by settings
    std::string text_ = "templates:\n";
};

}  // namespace

std::string scalar_text(std::string_view text) {
    if (is_plain(text)) {
        return std::string{text};
    }
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            quoted += '\\';
            quoted += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            quoted += c;
        }
    }
    return quoted + '"';
}

std::string remote_word(const std::string& name) {
    std::string word = name;
    for (char& c : word) {
        const bool is_safe =
            std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
        c = is_safe ? c : '-';
    }
    return scalar_text(IpAddress::from_text(word) || word[0] == '-' ? "r-" + word : word);
}

std::string duration_text(seconds duration) {
    constexpr std::pair<std::int64_t, char> kUnits[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}};
    for (const auto& [length, unit] : kUnits) {
        if (duration.count() != 0 && duration.count() % length == 0) {
            return fmt::format("{}{}", duration.count() / length, unit);
        }
    }
    return fmt::format("{}s", duration.count());
}

std::string size_text(std::uint64_t octets) {
    constexpr std::pair<unsigned, char> kUnits[] = {{40, 'T'}, {30, 'G'}, {20, 'M'}, {10, 'K'}};
    for (const auto& [bits, unit] : kUnits) {
        if (octets != 0 && octets % (std::uint64_t{1} << bits) == 0) {
            return fmt::format("{}{}", octets >> bits, unit);
        }
    }
    return fmt::to_string(octets);
}

ConfigText config_text(const Config& config, std::span<const KeyEntry> keys,
                       const std::string& zones_file) {
    TWINZONE_ASSERT(config.role == Role::primary && config.directories.empty() &&
                    config.catalogs.empty());
    const bool has_list = config.zones.size() > kMaxWrittenZones;
    Templates templates;
    ConfigText text;
    std::string zones;
    for (const Zone& zone : config.zones) {
        const std::string name = zone.name.to_text();
        const std::string& used =
            templates.name_of(zone_settings_text(zone, config.remotes, "    "));
        if (has_list) {
            text.zones_list += fmt::format("{} {}\n", name, used);
        } else {
            zones += fmt::format("  - {{ zone: {}, template: {} }}\n", scalar_text(name), used);
        }
    }
    text.yaml = head_text(config) + keys_text(keys) + tls_text(config.tls);
    text.yaml += remotes_text(config.remotes);
    text.yaml += templates.text();
    text.yaml += has_list ? fmt::format("zones-file: {}\n", scalar_text(zones_file))
                          : fmt::format("zones:\n{}", zones);
    return text;
}

}  // namespace twinzone::config
