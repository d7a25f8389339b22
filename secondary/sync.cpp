#include "secondary/sync.h"

#include <algorithm>
#include <cstdio>

#include <unistd.h>

#include <fmt/format.h>

#include "common/service/program.h"
#include "secondary/sync_report.h"
#include "secondary/sync_run.h"

namespace twinzone::secondary {

namespace {

// Keeps the zones named on the command line; all where none is. Errc::usage for one that is not
// configured.
Result<void> select_zones(config::Config& config, const std::vector<dns::Name>& wanted) {
    if (wanted.empty()) {
        return {};
    }
    std::vector<config::Zone> selected;
    for (const dns::Name& name : wanted) {
        const auto at =
            std::find_if(config.zones.begin(), config.zones.end(),
                         [&name](const config::Zone& zone) { return zone.name == name; });
        if (at == config.zones.end()) {
            return fail(Errc::usage, fmt::format("zone {} is not configured", name.to_text()));
        }
        const bool is_named_again =
            std::any_of(selected.begin(), selected.end(),
                        [&name](const config::Zone& zone) { return zone.name == name; });
        if (!is_named_again) {
            selected.push_back(*at);
        }
    }
    config.zones = std::move(selected);
    return {};
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "this host";
}

// How one zone is tried again by hand.
std::string command_of(const config::CommandLine& command_line) {
    return command_line.config_file
               ? fmt::format("twinzone-secondary sync -c {}", *command_line.config_file)
               : "twinzone-secondary sync (with the options of this one)";
}

}  // namespace

config::ExitCode sync(config::Config config, const config::CommandLine& command_line) {
    if (const Result<void> selected = select_zones(config, command_line.zones); !selected) {
        return service::report(config::Role::secondary, selected.error());
    }
    if (command_line.verbosity <= 0) {
        config.log.level = "critical";  // what failed is told at the end, once a zone
    }
    config.log.target = "stderr";
    Result<std::unique_ptr<SyncRun>> run = SyncRun::open(std::move(config));
    if (!run) {
        return service::report(config::Role::secondary, run.error());
    }
    const SyncOutcome outcome = (*run)->run({});
    fmt::print(stderr, "{}",
               report_text(outcome, {.host = host_name(), .command = command_of(command_line)}));
    return exit_code_of(outcome, command_line.has("detailed-exitcode"));
}

}  // namespace twinzone::secondary
