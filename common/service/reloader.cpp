#include "common/service/reloader.h"

#include <unordered_set>

#include <fmt/format.h>

#include "common/config/zone_comparison.h"

namespace twinzone::service {

namespace {

using observe::Level;

constexpr int kExitConfiguration = 2;

}  // namespace

Reloader::Reloader(Daemon& daemon, Program program)
    : daemon_(daemon), program_(std::move(program)) {
    daemon_.control().on("reload", [this](const control::Request&, control::Reply reply) {
        waiting_.push_back(std::move(reply));
        reload();
    });
    daemon_.on_hangup([this] { reload(); });
}

std::function<Result<config::Config>()> Reloader::reread_of(const config::CommandLine& command_line,
                                                            config::Role role) {
    if (command_line.has_inline_options()) {
        return {};
    }
    return [command_line, role] { return config::config_of(command_line, role); };
}

void Reloader::reload() {
    if (is_busy_) {
        again_ = true;  // what is being read may be older than what is meant
        return;
    }
    begin();
}

void Reloader::begin() {
    is_busy_ = true;
    again_ = false;
    served_ = std::exchange(waiting_, {});
    daemon_.notifier().reloading();
    if (!program_.reread) {
        daemon_.loop().post([this] {
            apply_zones(daemon_.config());
            finish(fmt::format("zone files looked at{}", said_));
        });
        return;
    }
    daemon_.log().server(Level::info, fmt::format("reading {} again", daemon_.config().file));
    auto reading = std::make_shared<Reading>();
    daemon_.loop().work(
        [reading, reread = program_.reread] {
            reading->config.emplace(reread());
            if (*reading->config) {
                reading->tls.emplace(TlsContexts::load(**reading->config));
            }
        },
        [this, reading] { handle_read(*reading); });
}

void Reloader::handle_read(Reading& reading) {
    if (!*reading.config) {
        finish(fail(reading.config->error()));
        return;
    }
    if (!*reading.tls) {
        finish(fail(reading.tls->error()));
        return;
    }
    Result<std::string> notices = daemon_.apply(**std::move(reading.config), **reading.tls);
    if (!notices) {
        finish(fail(std::move(notices).error()));
        return;
    }
    apply_zones(daemon_.config());
    finish(fmt::format("configuration taken{}{}", said_, *notices));
}

void Reloader::apply_zones(const config::Config& config) {
    config::ZoneComparison comparison;
    std::unordered_set<dns::Name, dns::NameHash> wanted;
    std::size_t added = 0;
    std::size_t changed = 0;
    for (const config::Zone& zone : program_.zones(config)) {
        if (!wanted.insert(zone.name).second) {
            continue;
        }
        const std::optional<config::Zone> known = daemon_.zone_settings(zone.name);
        if (known && comparison.same(*known, zone)) {
            continue;
        }
        ++(known ? changed : added);
        daemon_.put_zone(zone);
        program_.put(zone);
    }
    std::size_t removed = 0;
    for (const dns::Name& zone : daemon_.zone_names()) {
        if (!wanted.contains(zone)) {
            ++removed;
            program_.remove(zone);
            daemon_.remove_zone(zone);
        }
    }
    if (program_.finish) {
        program_.finish();
    }
    daemon_.forget_written_zones();
    said_ = fmt::format(": {} zones, {} new, {} changed, {} gone", wanted.size(), added, changed,
                        removed);
}

// Nobody is served by half: a client gets its answer when all is in place.
void Reloader::finish(const Result<std::string>& outcome) {
    is_busy_ = false;
    if (outcome) {
        daemon_.log().server(Level::notice, *outcome);
    } else {
        std::string_view rest = outcome.error().detail();
        daemon_.log().server(Level::error, "not reloaded, nothing has changed:");
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            daemon_.log().server(Level::error, rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    for (const control::Reply& reply : std::exchange(served_, {})) {
        if (outcome) {
            reply({.exit = 0, .output = fmt::format("{}\n", *outcome), .error = {}});
        } else {
            reply({.exit = kExitConfiguration,
                   .output = {},
                   .error = fmt::format("not reloaded, nothing has changed: {}",
                                        outcome.error().detail())});
        }
    }
    daemon_.notifier().ready();
    if (again_ || !waiting_.empty()) {
        begin();
    }
}

}  // namespace twinzone::service
