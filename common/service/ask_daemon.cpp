#include "common/service/ask_daemon.h"

#include <cstdio>
#include <filesystem>
#include <functional>

#include <fmt/format.h>

#include "common/base/file_replacement.h"
#include "common/control/client.h"
#include "common/service/diff_file.h"
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

using Print = std::function<void(const std::string&)>;

// What the daemon answers to `request`, part by part; its exit code, and what is wrong to stderr.
ExitCode ask_and_print(config::Role role, const config::CommandLine& command_line,
                       const control::Request& request, const Print& out) {
    const Result<std::string> socket = config::control_socket_of(command_line, role);
    if (!socket) {
        return report(role, socket.error());
    }
    const Result<control::Response> answer =
        control::ask(*socket, request, patience_of(command_line),
                     [&out](const control::Response& part) { out(part.output); });
    if (!answer) {
        return report_unanswered(role, answer.error());
    }
    out(answer->output);
    if (!answer->ok()) {
        fmt::print(stderr, "{}: {}\n", config::program_name(role), answer->error);
    }
    return static_cast<ExitCode>(answer->exit);
}

// What the daemon answers goes to a file beside `path`, and into its place by `then`.
ExitCode ask_into_file(config::Role role, const config::CommandLine& command_line,
                       const std::string& path,
                       const std::function<Result<void>(FileReplacement&)>& then) {
    Result<FileReplacement> file = FileReplacement::create(path);
    if (!file) {
        return report(role, file.error());
    }
    Result<void> written;
    control::Request request = request_of(command_line);
    request.options.erase("output");
    const ExitCode code = ask_and_print(role, command_line, request, [&](const std::string& text) {
        if (written) {
            written = file->append(text);
        }
    });
    if (code != ExitCode::ok) {
        return code;
    }
    if (written) {
        written = then(*file);
    }
    return written ? ExitCode::ok : report(role, written.error());
}

Result<void> print_all(TextSource& source) {
    for (bool has_more = true; has_more;) {
        std::string piece;
        const Result<bool> filled = source.fill(piece);
        if (!filled) {
            return fail(filled.error());
        }
        print(piece);
        has_more = *filled;
    }
    return {};
}

// Exports the zone into a file of its own, and compares that with the operator's.
ExitCode diff_file(config::Role role, const config::CommandLine& command_line) {
    const dns::Name& zone = command_line.zones.front();
    config::CommandLine exporting = command_line;
    exporting.verb = config::Verb::export_zone;
    exporting.options.clear();
    exporting.json = false;
    const std::string beside = (std::filesystem::temp_directory_path() / "twinzone-diff").string();
    return ask_into_file(role, exporting, beside, [&](FileReplacement& file) -> Result<void> {
        Result<std::unique_ptr<TextSource>> source = diff_with_file(
            zone, file.temporary_path(), std::string{command_line.option("file")},
            command_line.has("stat") ? DiffForm::stat : DiffForm::lines, command_line.json);
        return source ? print_all(**source) : fail(std::move(source).error());
    });
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
    if (command_line.verb == config::Verb::export_zone && command_line.has("output")) {
        return ask_into_file(role, command_line, std::string{command_line.option("output")},
                             [](FileReplacement& file) { return file.finish(); });
    }
    if (command_line.verb == config::Verb::diff && command_line.has("file")) {
        return diff_file(role, command_line);
    }
    return ask_and_print(role, command_line, request_of(command_line), print);
}

}  // namespace twinzone::service
