// What both programs do alike from their command line on: help, version, check, status; and the
// exit codes of what they do differently.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "common/config/command_line.h"
#include "common/config/config.h"

namespace twinzone::service {

struct ProgramVerbs {
    std::function<config::ExitCode(config::Config config, const config::CommandLine& command_line)>
        serve;
    // One-shot; empty where the program has no such verb.
    std::function<config::ExitCode(config::Config config, const config::CommandLine& command_line)>
        sync;
    // Asks the daemon, or does it without one; empty where the program has no such verb.
    std::function<config::ExitCode(const config::CommandLine& command_line)> promote;
    // What is wrong beyond the configuration itself (zone files, folders), each in words with its
    // place.
    std::function<std::vector<std::string>(const config::Config& config)> check;
};

// `arguments` without the program's name. Prints to stdout and stderr. Returns the process's exit
// code.
[[nodiscard]] int run_program(config::Role role, std::span<const std::string> arguments,
                              const ProgramVerbs& verbs);

// Prints "program: error" to stderr and gives the exit code that goes with it.
config::ExitCode report(config::Role role, const Error& error);

// The same where the daemon gave no answer: ExitCode::not_running where there is none.
config::ExitCode report_unanswered(config::Role role, const Error& error);

}  // namespace twinzone::service
