#include "secondary/secondary.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <unistd.h>

#include <fmt/format.h>

#include "common/service/daemon.h"
#include "common/service/program.h"
#include "secondary/zone_file_output.h"

namespace twinzone::secondary {

config::ExitCode serve(config::Config config) {
    std::unique_ptr<ZoneFileOutput> output;
    service::Daemon::Hooks hooks;
    hooks.on_published = [&output](const dns::Name& zone, const zone::Version&) {
        output->handle_published(zone);
    };
    hooks.describe = [&output](control::ZoneStatus& status, const dns::Name& zone) {
        const std::string problem = output->problem(zone);
        if (!problem.empty() && status.state == control::ZoneState::current) {
            status.state = control::ZoneState::failed;
            status.reason = problem;
        }
    };
    Result<std::unique_ptr<service::Daemon>> opened =
        service::Daemon::open(std::move(config), std::move(hooks));
    if (!opened) {
        return service::report(config::Role::secondary, opened.error());
    }
    service::Daemon& daemon = **opened;
    output = std::make_unique<ZoneFileOutput>(daemon, std::function<void()>{});
    for (const config::Zone& zone : daemon.config().zones) {
        daemon.add_zone(zone);
        output->add(zone);
    }
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
    for (const config::Zone& zone : config.zones) {
        if (zone.output.mode != config::OutputMode::file) {
            continue;
        }
        std::string folder = std::filesystem::path{zone.output.path}.parent_path().string();
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
