#include "common/service/ask_daemon.h"

#include <cstdio>

#include <fmt/format.h>

#include "common/control/client.h"
#include "common/service/program.h"

namespace twinzone::service {

namespace {

using config::ExitCode;

// The daemon keeps to the time that `wait` names; the answer needs a moment to come.
constexpr seconds kGrace{10};

control::Patience patience_of(const config::CommandLine& command_line) {
    if (const std::optional<seconds> timeout = command_line.duration("timeout")) {
        return *timeout + kGrace;
    }
    const std::optional<seconds> patience = config::row_of(command_line.verb).patience;
    return patience ? control::Patience{*patience} : std::nullopt;
}

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

}  // namespace

control::Request request_of(const config::CommandLine& command_line) {
    control::Request request;
    request.verb = config::row_of(command_line.verb).word;
    request.operands = command_line.words;
    for (const dns::Name& zone : command_line.zones) {
        request.operands.push_back(zone.to_text());
    }
    request.options = command_line.options;
    if (command_line.json) {
        request.options.emplace("json", "true");
    }
    return request;
}

ExitCode ask_daemon(config::Role role, const config::CommandLine& command_line) {
    const Result<std::string> socket = config::control_socket_of(command_line, role);
    if (!socket) {
        return report(role, socket.error());
    }
    const Result<control::Response> answer =
        control::ask(*socket, request_of(command_line), patience_of(command_line),
                     [](const control::Response& part) { print(part.output); });
    if (!answer) {
        return report_unanswered(role, answer.error());
    }
    print(answer->output);
    if (!answer->ok()) {
        fmt::print(stderr, "{}: {}\n", config::program_name(role), answer->error);
    }
    return static_cast<ExitCode>(answer->exit);
}

}  // namespace twinzone::service
