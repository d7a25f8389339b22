// The configuration of a command line: its file, or what its options say.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "common/config/command_line.h"
#include "common/config/key_file.h"
#include "common/config/loader.h"
#include "common/config/values.h"
#include "common/config/zone_path.h"

namespace twinzone::config {

namespace {

constexpr std::string_view kKeyPrefix = "key:";
constexpr std::array<std::string_view, 6> kLevels = {"debug",   "info",  "notice",
                                                     "warning", "error", "critical"};

// Builds a Config from InlineOptions; each step may fail with Errc::usage.
class InlineConfig {
  public:
    InlineConfig(const CommandLine& command_line, Role role)
        : verb_(command_line.verb), options_(command_line.inline_options) {
        config_.role = role;
    }

    [[nodiscard]] Result<Config> build() {
        for (const auto step :
             {&InlineConfig::check_missing, &InlineConfig::read_key, &InlineConfig::read_listen,
              &InlineConfig::read_peers, &InlineConfig::read_rules, &InlineConfig::read_zones}) {
            if (Result<void> done = (this->*step)(); !done) {
                return fail(std::move(done).error());
            }
        }
        config_.store_path = options_.store;
        config_.control_socket = options_.store + "/control.sock";
        return std::move(config_);
    }

  private:
    [[nodiscard]] bool is_primary() const { return config_.role == Role::primary; }

    Result<void> check_missing() {
        struct Need {
            bool is_missing;
            std::string_view option;
        };
        const Need needs[] = {
            {options_.store.empty(), "--store DIR"},
            {options_.listen.empty() && (verb_ == Verb::serve || is_primary()), "--listen ADDRESS"},
            {is_primary() && options_.zones.empty() && options_.zones_directory.empty(),
             "--zone NAME=FILE or --zones-dir DIR"},
            {!is_primary() && options_.zones.empty(), "--zone NAME"},
            {!is_primary() && options_.primaries.empty(), "--primary ADDRESS"},
        };
        for (const Need& need : needs) {
            if (need.is_missing) {
                return fail(Errc::usage,
                            fmt::format("without a configuration file, {} is needed", need.option));
            }
        }
        return {};
    }

    Result<void> read_key() {
        if (options_.key_file.empty()) {
            return {};
        }
        Result<KeyText> text = read_key_file(options_.key_file);
        if (!text) {
            return fail(std::move(text).error());
        }
        if (!text->name || !text->algorithm) {
            return fail(Errc::usage, fmt::format("key file {} names no key; it has to be as BIND "
                                                 "writes it: key \"NAME\" {{ … }};",
                                                 options_.key_file));
        }
        auto key = dns::TsigKey::create(*text->name, *text->algorithm, std::move(text->secret));
        if (!key) {
            return fail(std::move(key).error());
        }
        key_ = *key;
        config_.keys.add(key_);
        config_.key_file = options_.key_file;
        config_.key_name = text->name->to_text();
        return {};
    }

    Result<void> read_listen() {
        for (const std::string& text : options_.listen) {
            Result<Endpoint> endpoint = Endpoint::from_text(text, kDnsPort);
            if (!endpoint) {
                return fail(Errc::usage, "--listen: " + endpoint.error().detail());
            }
            config_.listen.push_back(*endpoint);
        }
        return {};
    }

    Result<void> read_peers() {
        Result<void> notify = read_remotes("--notify", options_.notify, settings_.notify);
        return notify ? read_remotes("--primary", options_.primaries, settings_.primaries) : notify;
    }

    // A remote for each address, one for both lists where they share it.
    Result<void> read_remotes(std::string_view option, const std::vector<std::string>& texts,
                              std::vector<RemotePtr>& remotes) {
        for (const std::string& text : texts) {
            Result<Endpoint> endpoint = Endpoint::from_text(text, kDnsPort);
            if (!endpoint || endpoint->port == 0) {
                return fail(Errc::usage, fmt::format("{}: {}", option,
                                                     endpoint ? "nobody can be reached at port 0"
                                                              : endpoint.error().detail()));
            }
            const std::string name = endpoint->to_text();
            const auto known =
                std::find_if(config_.remotes.begin(), config_.remotes.end(),
                             [&](const RemotePtr& remote) { return remote->name == name; });
            RemotePtr remote = known != config_.remotes.end()
                                   ? *known
                                   : std::make_shared<const Remote>(Remote{
                                         .name = name, .addresses = {*endpoint}, .key = key_});
            if (known == config_.remotes.end()) {
                config_.remotes.push_back(remote);
            }
            if (std::find(remotes.begin(), remotes.end(), remote) == remotes.end()) {
                remotes.push_back(std::move(remote));
            }
        }
        return {};
    }

    Result<void> read_rules() {
        for (const std::string& text : options_.allow_transfer) {
            if (text.starts_with(kKeyPrefix)) {
                Result<dns::Name> name =
                    dns::Name::from_text(std::string_view{text}.substr(kKeyPrefix.size()));
                if (!name || !key_ || key_->name() != *name) {
                    return fail(
                        Errc::usage,
                        fmt::format("--allow-transfer {}: no such key in --key-file", text));
                }
                settings_.allow_transfer.push_back({.addresses = {}, .key = key_});
                continue;
            }
            Result<IpPrefix> prefix = IpPrefix::from_text(text);
            if (!prefix) {
                return fail(Errc::usage, "--allow-transfer: " + prefix.error().detail());
            }
            settings_.allow_transfer.push_back({.addresses = {*prefix}, .key = key_});
        }
        for (const RemotePtr& primary : settings_.primaries) {
            settings_.allow_notify.push_back(
                {.addresses = {IpPrefix{primary->addresses.front().address}}, .key = key_});
        }
        return {};
    }

    Result<void> read_zones() {
        for (const std::string& text : options_.zones) {
            if (Result<void> done = read_zone(text); !done) {
                return done;
            }
        }
        if (!options_.zones_directory.empty()) {
            auto settings = std::make_shared<ZoneSettings>(settings_);
            settings->source_directory = options_.zones_directory;
            config_.directories.push_back(
                {.path = options_.zones_directory, .settings = std::move(settings)});
        }
        return {};
    }

    Result<void> read_zone(const std::string& text) {
        auto settings = std::make_shared<ZoneSettings>(settings_);
        const std::size_t equals = is_primary() ? text.find('=') : text.size();
        if (is_primary() && (equals == std::string::npos || equals + 1 == text.size())) {
            return fail(Errc::usage, fmt::format("--zone {}: write NAME=FILE", text));
        }
        Result<dns::Name> name = dns::Name::from_text(text.substr(0, equals));
        if (!name) {
            return fail(Errc::usage, fmt::format("--zone {}: {}", text, name.error().detail()));
        }
        for (const Zone& other : config_.zones) {
            if (other.name == *name) {
                return fail(Errc::usage, fmt::format("--zone {}: given twice", text));
            }
        }
        if (is_primary()) {
            settings->source_file = text.substr(equals + 1);
        } else if (!options_.output_directory.empty()) {
            Result<std::string> path = zone_file_in(options_.output_directory, *name);
            if (!path) {
                return fail(Errc::usage, fmt::format("--zone {}: {}", text, path.error().detail()));
            }
            settings->output.mode = OutputMode::file;
            settings->output.path = std::move(*path);
        }
        config_.zones.emplace_back(*name, std::move(settings));
        return {};
    }

    Verb verb_;
    const InlineOptions& options_;
    Config config_;
    dns::TsigKeyPtr key_;
    ZoneSettings settings_;  // of every zone
};

// -v and -q move along the levels from where the configuration stands.
void apply_verbosity(int verbosity, std::string& level) {
    const auto at = std::find(kLevels.begin(), kLevels.end(), level) - kLevels.begin();
    level = kLevels[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(at - verbosity, 0, 5))];
}

Result<void> apply_web(const std::vector<std::string>& texts, Config& config) {
    if (!texts.empty()) {
        config.web.clear();
    }
    for (const std::string& text : texts) {
        const Result<Endpoint> endpoint = Endpoint::from_text(text, kWebPort);
        if (!endpoint) {
            return fail(Errc::usage, fmt::format("--web: {}", endpoint.error().detail()));
        }
        config.web.push_back(*endpoint);
    }
    return {};
}

}  // namespace

Result<Config> config_of(const CommandLine& command_line, Role role) {
    Result<Config> config =
        command_line.has_inline_options()
            ? InlineConfig{command_line, role}.build()
            : load_file(command_line.config_file.value_or(default_file(role)), role);
    if (!config && config.error().code() == Errc::file_unreadable) {
        const bool is_default = !command_line.config_file && !command_line.has_inline_options();
        return fail(Errc::usage, config.error().detail() +
                                     (is_default ? "; give -c FILE, or --store and --zone" : ""));
    }
    if (!config) {
        return config;
    }
    if (!command_line.control_socket.empty()) {
        config->control_socket = command_line.control_socket;
    }
    apply_verbosity(command_line.verbosity, config->log.level);
    if (Result<void> web = apply_web(command_line.web, *config); !web) {
        return fail(std::move(web).error());
    }
    return config;
}

Result<std::string> control_socket_of(const CommandLine& command_line, Role role) {
    if (!command_line.control_socket.empty()) {
        return command_line.control_socket;
    }
    if (command_line.has_inline_options()) {
        if (command_line.inline_options.store.empty()) {
            return fail(Errc::usage,
                        "where is the daemon? give --control PATH, --store DIR or -c FILE");
        }
        return command_line.inline_options.store + "/control.sock";
    }
    Result<std::string> socket =
        control_socket_in(command_line.config_file.value_or(default_file(role)), role);
    // Without any file the daemon was perhaps started by hand: its usual place is worth a look.
    if (!socket && !command_line.config_file && socket.error().code() == Errc::file_unreadable) {
        return default_control_socket(role);
    }
    return socket;
}

}  // namespace twinzone::config
