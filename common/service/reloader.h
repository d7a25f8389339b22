// `reload` and SIGHUP: takes a new configuration whole or not at all. Files are read on the pool;
// what can fail is done first, then zones come, go and change on the loop, without cutting
// transfers.
//
//   idle --reload--> reading --good--> applying --> idle (again, where another reload came
//   meanwhile)
//                       '--bad: nothing has changed--> idle
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/config/command_line.h"
#include "common/control/server.h"
#include "common/service/daemon.h"

namespace twinzone::service {

// Loop thread only. Borrows the daemon for its life; the loop has stopped before it is destroyed.
class Reloader {
  public:
    struct Program {
        // Reads the configuration again; on the pool. Empty where there is no file: then only zone
        // files are looked at.
        std::function<Result<config::Config>()> reread;
        // The zones that it asks for, those of folders included.
        std::function<std::vector<config::Zone>(const config::Config& config)> zones;
        // The program's own part of a zone that is new or has changed (the daemon has its part
        // already), or that is to go (the daemon still has its part).
        std::function<void(const config::Zone& zone)> put;
        std::function<void(const dns::Name& zone)> remove;
        // All is in place: look at zone files. May be empty.
        std::function<void()> finish;
    };

    // What reads the configuration that `command_line` names; empty where it names no file.
    [[nodiscard]] static std::function<Result<config::Config>()> reread_of(
        const config::CommandLine& command_line, config::Role role);

    // Answers the verb and the signal from now on.
    Reloader(Daemon& daemon, Program program);

    // A reload that nobody waits for.
    void reload();

  private:
    struct Reading {
        std::optional<Result<config::Config>> config;
        std::optional<Result<std::shared_ptr<const TlsContexts>>> tls;
    };

    void begin();
    void handle_read(Reading& reading);
    void apply_zones(const config::Config& config);
    void finish(const Result<std::string>& outcome);

    Daemon& daemon_;
    Program program_;
    std::vector<control::Reply> waiting_;  // for the next round
    std::vector<control::Reply> served_;   // by this round
    bool is_busy_ = false;
    bool again_ = false;
    std::string said_;  // of zones, by this round
};

}  // namespace twinzone::service
