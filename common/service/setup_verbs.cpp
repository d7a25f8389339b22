#include "common/service/setup_verbs.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/config/key_file.h"
#include "common/control/client.h"
#include "common/control/status_verb.h"
#include "common/net/entropy.h"
#include "common/service/program.h"
#include "common/setup/completion.h"
#include "common/setup/fresh_key.h"
#include "common/setup/halves.h"

namespace twinzone::service {

namespace {

using config::CommandLine;
using config::ExitCode;
using config::Role;

// They hold secrets; a program is run by its owner.
constexpr mode_t kFileMode = 0640;
constexpr mode_t kProgramMode = 0750;

Bytes fresh_secret(dns::TsigAlgorithm algorithm) {
    Bytes secret(setup::secret_bytes(algorithm));
    net::fill_random(secret);
    return secret;
}

Failure failed(const std::string& path) {
    return fail(Errc::file_unreadable,
                fmt::format("{}: {}", path, std::generic_category().message(errno)));
}

// A file that is there may hold the only copy of a secret: it is never written over.
Result<void> write_new(const std::string& path, std::string_view text, mode_t mode) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file < 0) {
        return failed(path);
    }
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            const Failure failure = failed(path);
            ::close(file);
            ::unlink(path.c_str());
            return failure;
        }
        text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
    return ::close(file) == 0 ? Result<void>{} : Result<void>{failed(path)};
}

Result<setup::FreshKey> key_of(const CommandLine& command_line) {
    if (command_line.words.front() != "new") {
        return fail(Errc::usage,
                    fmt::format("'key' goes on with 'new', not '{}'", command_line.words.front()));
    }
    dns::TsigAlgorithm algorithm = dns::TsigAlgorithm::hmac_sha256;
    if (command_line.has("algorithm")) {
        const Result<dns::TsigAlgorithm> named =
            config::algorithm_from_text(command_line.option("algorithm"));
        if (!named) {
            return fail(Errc::usage, fmt::format("--algorithm: {}", named.error().detail()));
        }
        algorithm = *named;
    }
    return setup::fresh_key(command_line.words.at(1), algorithm, fresh_secret(algorithm));
}

Result<void> write_all(const std::vector<setup::SetupFile>& files, const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        return fail(Errc::file_unreadable, fmt::format("{}: {}", folder, error.message()));
    }
    for (const setup::SetupFile& file : files) {
        const std::string path = fmt::format("{}/{}", folder, file.name);
        if (Result<void> written =
                write_new(path, file.text, file.is_program ? kProgramMode : kFileMode);
            !written) {
            return written;
        }
        fmt::print("{}  ->  {}\n", path, file.path);
    }
    return {};
}

}  // namespace

ExitCode make_key(Role role, const CommandLine& command_line) {
    const Result<setup::FreshKey> key = key_of(command_line);
    if (!key) {
        return report(role, key.error());
    }
    const std::string_view word = command_line.option("format");
    const Result<setup::KeyFormat> format =
        setup::key_format_from_text(word.empty() ? "twinzone" : word);
    if (!format) {
        return report(role, format.error());
    }
    const std::string text = setup::key_text(*key, *format);
    const std::string path{command_line.option("output")};
    if (path.empty()) {
        fmt::print("{}", text);
        return ExitCode::ok;
    }
    const Result<void> written = write_new(path, text, kFileMode);
    return written ? ExitCode::ok : report(role, written.error());
}

ExitCode init(Role role, const CommandLine& command_line) {
    const Result<setup::Plan> plan =
        setup::plan_of(command_line, role, fresh_secret(dns::TsigAlgorithm::hmac_sha256));
    if (!plan) {
        return report(role, plan.error());
    }
    const std::vector<setup::SetupFile> files = setup::files_of(*plan);
    const std::string folder{command_line.option("output")};
    if (folder.empty()) {
        fmt::print("{}", setup::as_one_text(files));
        return ExitCode::ok;
    }
    const Result<void> written = write_all(files, folder);
    return written ? ExitCode::ok : report(role, written.error());
}

ExitCode show_completion(Role role, const CommandLine& command_line) {
    const Result<std::string> script = setup::completion_script(command_line.words.front(), role);
    if (!script) {
        return report(role, script.error());
    }
    fmt::print("{}", *script);
    return ExitCode::ok;
}

void complete_words(Role role, std::span<const std::string> words) {
    setup::Completion completion = setup::complete(words, role);
    if (completion.zones) {
        const std::string_view begun = words.empty() ? std::string_view{} : words.back();
        const Result<std::string> socket = config::control_socket_of(completion.daemon, role);
        const Result<control::Status> status =
            socket ? control::ask_status(*socket, {}) : fail(socket.error());
        for (std::size_t i = 0; status && i < status->zones.size(); ++i) {
            std::string zone = status->zones[i].zone;
            if (zone.size() > 1) {
                zone.pop_back();  // people write names without the closing dot
            }
            if (std::string_view{zone}.starts_with(begun)) {
                completion.candidates.push_back(
                    {zone, std::string{control::to_string(status->zones[i].state)}});
            }
        }
    }
    fmt::print("{}", setup::completion_text(completion));
}

}  // namespace twinzone::service
