#include "secondary/secondary.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>

#include <unistd.h>

#include <fmt/format.h>

#include "common/service/catalogs.h"
#include "common/service/content_verbs.h"
#include "common/service/daemon.h"
#include "common/service/program.h"
#include "common/service/reloader.h"
#include "common/service/verifier.h"
#include "secondary/hand_over_runner.h"
#include "secondary/promote.h"
#include "secondary/reload_command.h"

namespace twinzone::secondary {

namespace {

// Whether the server that is to follow us may transfer the zone, as far as its address tells.
bool lets_in(const config::Zone& zone) {
    const IpAddress& server = zone->output.verify->addresses.front().address;
    return std::any_of(
        zone->allow_transfer.begin(), zone->allow_transfer.end(),
        [&](const config::AccessRule& rule) {
            return rule.addresses.empty() ||
                   std::any_of(rule.addresses.begin(), rule.addresses.end(),
                               [&](const IpPrefix& network) { return network.contains(server); });
        });
}

}  // namespace

config::ExitCode serve(config::Config config, const config::CommandLine& command_line) {
    std::unique_ptr<HandOverRunner> output;
    service::Daemon::Hooks hooks;
    hooks.on_published = [&output](const dns::Name& zone, const zone::Version&) {
        output->handle_published(zone);
    };
    hooks.describe = [&output](control::ZoneStatus& status, const dns::Name& zone) {
        output->describe(status, zone);
    };
    hooks.on_refresh = [&output](const dns::Name& zone) { output->refresh(zone); };
    Result<std::unique_ptr<service::Daemon>> opened =
        service::Daemon::open(std::move(config), std::move(hooks));
    if (!opened) {
        return service::report(config::Role::secondary, opened.error());
    }
    service::Daemon& daemon = **opened;
    const service::ContentVerbs content_verbs{daemon};
    output = std::make_unique<HandOverRunner>(daemon, std::function<void()>{});
    for (const config::Zone& zone : daemon.config().zones) {
        daemon.add_zone(zone);
        output->add(zone);
    }
    const service::Verifier verifier{daemon};
    answer_promote(daemon);
    service::Catalogs catalogs{
        daemon,
        {.put = [&output](const config::Zone& zone) { output->put(zone); },
         .remove = [&output](const dns::Name& zone) { output->remove(zone); }}};
    catalogs.start();
    daemon.forget_written_zones();
    const service::Reloader reloader{
        daemon,
        {.reread = service::Reloader::reread_of(command_line, config::Role::secondary),
         .zones =
             [&catalogs](const config::Config& all) {
                 std::vector<config::Zone> zones = all.zones;
                 catalogs.append_members(zones);
                 return zones;
             },
         .put = [&output](const config::Zone& zone) { output->put(zone); },
         .remove = [&output](const dns::Name& zone) { output->remove(zone); },
         .finish = {}}};
    if (const Result<void> listening = daemon.listen(); !listening) {
        output.reset();
        return service::report(config::Role::secondary, listening.error());
    }
    daemon.run();
    output.reset();
    return config::ExitCode::ok;
}

std::vector<std::string> check(const config::Config& config) {
    std::vector<std::string> problems;
    std::set<std::string> programs;  // looked for already
    for (const config::Zone& zone : config.zones) {
        if (zone->output.mode == config::OutputMode::loopback && !lets_in(zone)) {
            problems.push_back(
                fmt::format("zone {}: the server at {} is to follow us, but no rule of "
                            "'allow-transfer' has its "
                            "address",
                            zone.name.to_text(), zone->output.verify->addresses.front().to_text()));
        }
        const std::vector<std::string> words = reload_words(zone.output(), zone.name);
        if (!words.empty() && programs.insert(words.front()).second &&
            !is_runnable(words.front())) {
            problems.push_back(
                fmt::format("zone {}: reload program {} is not there or may not be run",
                            zone.name.to_text(), words.front()));
        }
        if (zone->output.mode != config::OutputMode::file) {
            continue;
        }
        std::string folder = std::filesystem::path{zone.output_path()}.parent_path().string();
        folder = folder.empty() ? "." : folder;
        if (::access(folder.c_str(), W_OK | X_OK) != 0) {
            problems.push_back(fmt::format("zone {}: folder {} cannot be written: {}",
                                           zone.name.to_text(), folder,
                                           std::generic_category().message(errno)));
        }
    }
    return problems;
}

}  // namespace twinzone::secondary
