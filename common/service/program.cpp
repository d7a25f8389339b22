#include "common/service/program.h"

#include <cstdio>

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/memory.h"
#include "common/control/status_verb.h"
#include "common/service/ask_daemon.h"
#include "common/service/backup_verbs.h"
#include "common/service/check_verb.h"
#include "common/service/setup_verbs.h"
#include "common/setup/completion.h"

namespace twinzone::service {

namespace {

using config::CommandLine;
using config::ExitCode;
using config::Role;

bool wants_color(config::ColorMode mode) {
    switch (mode) {
        case config::ColorMode::always: return true;
        case config::ColorMode::never: return false;
        case config::ColorMode::automatic: return ::isatty(STDOUT_FILENO) == 1;
    }
    return false;
}

// Columns of the terminal on stdout; 0 where there is none.
std::size_t terminal_width() {
    winsize size{};
    return ::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0
               ? size.ws_col
               : 0;
}

ExitCode show_status(Role role, const CommandLine& command_line) {
    const Result<std::string> socket = config::control_socket_of(command_line, role);
    if (!socket) {
        return report(role, socket.error());
    }
    control::StatusQuery query;
    if (!command_line.zones.empty()) {
        query.zone = command_line.zones.front();
    }
    query.stale = command_line.has("stale");
    const control::StatusView view{.json = command_line.json,
                                   .color = wants_color(command_line.color),
                                   .watch = command_line.has("watch"),
                                   .width = terminal_width()};
    const Result<bool> all_current = control::show_status(*socket, query, view, stdout);
    if (!all_current) {
        return report_unanswered(role, all_current.error());
    }
    return command_line.has("check") && !*all_current ? ExitCode::some_failed : ExitCode::ok;
}

ExitCode run_configured(Role role, const CommandLine& command_line, const ProgramVerbs& verbs) {
    Result<config::Config> config = config::config_of(command_line, role);
    if (!config) {
        return report(role, config.error());
    }
    switch (command_line.verb) {
        case config::Verb::check: return check(command_line, *config, verbs.check(*config));
        case config::Verb::serve: return verbs.serve(std::move(*config), command_line);
        default: return verbs.sync(std::move(*config), command_line);
    }
}

ExitCode run_verb(Role role, const CommandLine& command_line, const ProgramVerbs& verbs) {
    switch (command_line.verb) {
        case config::Verb::help:
            fmt::print("{}", config::help_text(role, command_line.help_of));
            return ExitCode::ok;
        case config::Verb::version:
            fmt::print("{}", config::version_text(role));
            return ExitCode::ok;
        case config::Verb::status: return show_status(role, command_line);
        case config::Verb::check:
        case config::Verb::serve:
        case config::Verb::sync: return run_configured(role, command_line, verbs);
        case config::Verb::promote: return verbs.promote(command_line);
        case config::Verb::key: return make_key(role, command_line);
        case config::Verb::init: return init(role, command_line);
        case config::Verb::backup: return back_up(role, command_line);
        case config::Verb::restore: return restore(role, command_line);
        case config::Verb::completion: return show_completion(role, command_line);
        default: return ask_daemon(role, command_line);
    }
}

}  // namespace

ExitCode report(Role role, const Error& error) {
    fmt::print(stderr, "{}: {}\n", config::program_name(role), error.detail());
    return config::exit_code_of(error.code());
}

ExitCode report_unanswered(Role role, const Error& error) {
    const ExitCode code = report(role, error);
    return error.code() == Errc::not_found ? ExitCode::not_running : code;
}

int run_program(Role role, std::span<const std::string> arguments, const ProgramVerbs& verbs) {
    give_large_blocks_back();
    if (!arguments.empty() && arguments.front() == setup::kCompleteWord) {
        complete_words(role, arguments.subspan(1));
        return static_cast<int>(ExitCode::ok);
    }
    const Result<CommandLine> command_line = config::parse_command_line(arguments, role);
    if (!command_line) {
        fmt::print(stderr, "{}: {}\n", config::program_name(role), command_line.error().detail());
        return static_cast<int>(ExitCode::usage);
    }
    return static_cast<int>(run_verb(role, *command_line, verbs));
}

}  // namespace twinzone::service
