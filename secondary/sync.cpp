#include "secondary/sync.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <thread>

#include <unistd.h>

#include <fmt/format.h>

#include "common/base/random.h"
#include "common/net/entropy.h"
#include "common/service/member_settings.h"
#include "common/service/program.h"
#include "secondary/sync_beside.h"
#include "secondary/sync_rehearsal.h"
#include "secondary/sync_report.h"
#include "secondary/sync_run.h"
#include "secondary/sync_textfile.h"

namespace twinzone::secondary {

namespace {

using config::CommandLine;
using config::Config;
using config::ExitCode;

constexpr config::Role kRole = config::Role::secondary;

// Keeps the zones named on the command line; all where none is. Errc::usage for one that is not
// configured.
Result<void> select_zones(Config& config, const std::vector<dns::Name>& wanted) {
    if (wanted.empty()) {
        return {};
    }
    const std::vector<config::Zone> members = service::saved_members(config);
    std::vector<config::Zone> selected;
    for (const dns::Name& name : wanted) {
        const auto is_it = [&name](const config::Zone& zone) { return zone.name == name; };
        const auto at = std::find_if(config.zones.begin(), config.zones.end(), is_it);
        const auto member = std::find_if(members.begin(), members.end(), is_it);
        if (at == config.zones.end() && member == members.end()) {
            return fail(Errc::usage, fmt::format("zone {} is not configured", name.to_text()));
        }
        if (std::none_of(selected.begin(), selected.end(), is_it)) {
            selected.push_back(at != config.zones.end() ? *at : *member);
        }
    }
    config.zones = std::move(selected);
    // Members of a catalog come with it.
    std::erase_if(config.catalogs, [&wanted](const config::Catalog& catalog) {
        return std::find(wanted.begin(), wanted.end(), catalog.zone) == wanted.end();
    });
    return {};
}

// The configuration as a sync wants it: some zones, and a log that only speaks when asked to.
Result<Config> prepared(Config config, const CommandLine& command_line) {
    if (Result<void> selected = select_zones(config, command_line.zones); !selected) {
        return fail(std::move(selected).error());
    }
    if (command_line.verbosity <= 0) {
        config.log.level = "critical";  // what failed is told at the end, once a zone
    }
    config.log.target = "stderr";
    return config;
}

// So that a thousand hosts with one crontab do not ask in one second.
void wait_splay(const CommandLine& command_line) {
    const std::optional<seconds> splay = command_line.duration("splay");
    if (!splay) {
        return;
    }
    Random random{net::random_seed()};
    const auto most = static_cast<std::uint64_t>(milliseconds{*splay}.count());
    std::this_thread::sleep_for(milliseconds{random.below(most + 1)});
}

UnixTime now() {
    return UnixTime{
        std::chrono::duration_cast<seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count()};
}

Result<SyncOutcome> run_here(Config config, const CommandLine& command_line) {
    Result<std::unique_ptr<SyncRun>> run = SyncRun::open(std::move(config));
    if (!run) {
        return fail(std::move(run).error());
    }
    return (*run)->run(command_line.duration("timeout"));
}

// An operator has made these our own: there is nobody to fetch them from.
void leave_out_promoted(const InService& in_service, Config& config) {
    std::erase_if(config.zones, [&in_service](const config::Zone& zone) {
        const auto at = in_service.find(zone.name);
        return at != in_service.end() && at->second.source == control::kPromotedSource;
    });
}

// Those that catalogs are known to list.
void add_members(Config& config) {
    std::vector<config::Zone> members = service::saved_members(config);
    std::erase_if(members, [&config](const config::Zone& member) {
        return std::any_of(config.zones.begin(), config.zones.end(),
                           [&](const config::Zone& zone) { return zone.name == member.name; });
    });
    config.zones.insert(config.zones.end(), members.begin(), members.end());
}

Result<SyncOutcome> rehearse_here(Config config, const CommandLine& command_line) {
    Result<InService> in_service = in_service_in_store(config.store_path, now());
    if (!in_service) {
        return fail(std::move(in_service).error());
    }
    add_members(config);
    leave_out_promoted(*in_service, config);
    return rehearse(config, *in_service, command_line.duration("timeout"));
}

// The store is in other hands: those of our own daemon, or `locked` stands.
Result<SyncOutcome> run_beside(const CommandLine& command_line, const Error& locked) {
    // Read again: what there was of it went into opening the store.
    Result<Config> config = config::config_of(command_line, kRole);
    if (config) {
        config = prepared(std::move(*config), command_line);
    }
    if (!config) {
        return fail(std::move(config).error());
    }
    Result<control::Status> status = ask_daemon_status(*config);
    if (!status) {
        return fail(locked);
    }
    const std::optional<seconds> timeout = command_line.duration("timeout");
    const InService in_service = in_service_at_daemon(*status);
    add_members(*config);
    leave_out_promoted(in_service, *config);
    return command_line.has("dry-run") ? rehearse(*config, in_service, timeout)
                                       : sync_beside(*config, *status, timeout);
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "this host";
}

// How one zone is tried again by hand.
std::string command_of(const CommandLine& command_line) {
    return command_line.config_file
               ? fmt::format("twinzone-secondary sync -c {}", *command_line.config_file)
               : "the same command with";
}

ExitCode tell(const SyncOutcome& outcome, const CommandLine& command_line) {
    if (command_line.has("dry-run")) {
        const bool all = command_line.verbosity > 0 || ::isatty(STDOUT_FILENO) == 1;
        fmt::print("{}", rehearsal_text(outcome, all));
    }
    fmt::print(stderr, "{}",
               report_text(outcome, {.host = host_name(), .command = command_of(command_line)}));
    const ExitCode code = exit_code_of(outcome, command_line.has("detailed-exitcode"));
    const std::string textfile{command_line.option("textfile")};
    if (textfile.empty() || command_line.has("dry-run")) {
        return code;
    }
    if (const Result<void> written = write_textfile(textfile, outcome); !written) {
        service::report(kRole, written.error());
        return ExitCode::some_failed;
    }
    return code;
}

}  // namespace

ExitCode sync(Config given, const CommandLine& command_line) {
    Result<Config> config = prepared(std::move(given), command_line);
    if (!config) {
        return service::report(kRole, config.error());
    }
    wait_splay(command_line);
    Result<SyncOutcome> outcome = command_line.has("dry-run")
                                      ? rehearse_here(*config, command_line)
                                      : run_here(std::move(*config), command_line);
    if (!outcome && outcome.error().code() == Errc::store_locked) {
        outcome = run_beside(command_line, outcome.error());
    }
    if (!outcome) {
        return service::report(kRole, outcome.error());
    }
    if (const std::optional<seconds> max_age = command_line.duration("max-age")) {
        forgive_young(*outcome, *max_age);
    }
    return tell(*outcome, command_line);
}

}  // namespace twinzone::secondary
