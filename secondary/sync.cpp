#include "secondary/sync.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

#include <unistd.h>

#include <fmt/format.h>

#include "common/service/daemon.h"
#include "common/service/program.h"
#include "secondary/zone_file_output.h"

namespace twinzone::secondary {

namespace {

// No zone has come a step further in this long: those that are left have primaries that do not
// answer.
constexpr Duration kPatience = seconds{30};

class SyncRun {
  public:
    SyncRun() : on_terminal_(::isatty(STDERR_FILENO) == 1) {}

    Result<void> open(config::Config config) {
        service::Daemon::Hooks hooks;
        hooks.on_published = [this](const dns::Name& zone, const zone::Version& version) {
            handle_published(zone, version);
        };
        hooks.on_round = [this](const dns::Name& zone, const service::RoundEnded& round) {
            handle_round(zone, round);
        };
        Result<std::unique_ptr<service::Daemon>> opened =
            service::Daemon::open(std::move(config), std::move(hooks));
        if (!opened) {
            return fail(std::move(opened).error());
        }
        daemon_ = std::move(*opened);
        output_ = std::make_unique<ZoneFileOutput>(*daemon_, [this] { stop_when_done(); });
        timer_ = std::make_unique<net::Timer>(daemon_->loop());
        return {};
    }

    void run() {
        for (const config::Zone& zone : daemon_->config().zones) {
            pending_.emplace(zone.name.to_text(), zone.name);
            daemon_->add_zone(zone);
            output_->add(zone);
            daemon_->refresh(zone.name);
        }
        watch_patience();
        daemon_->run();
        for (const config::Zone& zone : daemon_->config().zones) {
            const std::string problem = output_->problem(zone.name);
            if (!problem.empty()) {
                failures_.emplace(zone.name.to_text(), problem);
            }
        }
        for (const auto& [text, zone] : pending_) {
            failures_.emplace(text, "no primary answers");
        }
        timer_.reset();
        output_.reset();
        daemon_.reset();
    }

    [[nodiscard]] const std::map<std::string, std::string>& failures() const noexcept {
        return failures_;
    }
    [[nodiscard]] bool changed() const noexcept { return changed_; }

  private:
    void handle_published(const dns::Name& zone, const zone::Version& version) {
        changed_ = true;
        output_->handle_published(zone);
        tell(zone, fmt::format("serial {}, {} records", version.serial().value(), version.records));
    }

    void handle_round(const dns::Name& zone, const service::RoundEnded& round) {
        watch_patience();
        if (pending_.erase(zone.to_text()) == 0) {
            return;
        }
        if (round.error) {
            failures_.emplace(zone.to_text(), round.error->detail());
        }
        stop_when_done();
    }

    void stop_when_done() {
        if (pending_.empty() && output_->is_idle()) {
            daemon_->stop();
        }
    }

    void watch_patience() {
        timer_->arm_after(kPatience, [this] {
            const control::Status status = daemon_->status();
            const bool at_work = std::any_of(
                status.zones.begin(), status.zones.end(), [](const control::ZoneStatus& zone) {
                    return zone.state == control::ZoneState::transferring;
                });
            if (at_work) {
                watch_patience();  // a transfer has limits of its own
            } else {
                daemon_->stop();
            }
        });
    }

    void tell(const dns::Name& zone, const std::string& what) const {
        if (on_terminal_) {
            fmt::print(stderr, "{} {}\n", zone.to_text(), what);
        }
    }

    bool on_terminal_;
    std::unique_ptr<service::Daemon> daemon_;
    std::unique_ptr<ZoneFileOutput> output_;
    std::unique_ptr<net::Timer> timer_;
    std::map<std::string, dns::Name> pending_;
    std::map<std::string, std::string> failures_;  // by zone
    bool changed_ = false;
};

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
        selected.push_back(*at);
    }
    config.zones = std::move(selected);
    return {};
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
    SyncRun run;
    if (const Result<void> opened = run.open(std::move(config)); !opened) {
        return service::report(config::Role::secondary, opened.error());
    }
    run.run();
    for (const auto& [zone, why] : run.failures()) {
        fmt::print(stderr, "{}: {} not in step: {}\n",
                   config::program_name(config::Role::secondary), zone, why);
    }
    if (!run.failures().empty()) {
        return config::ExitCode::some_failed;
    }
    return run.changed() && command_line.detailed_exit_code ? config::ExitCode::changed
                                                            : config::ExitCode::ok;
}

}  // namespace twinzone::secondary
