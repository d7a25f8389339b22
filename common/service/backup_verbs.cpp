#include "common/service/backup_verbs.h"

#include <cstdio>
#include <string>

#include <unistd.h>

#include <fmt/format.h>

#include "common/service/privileges.h"
#include "common/service/program.h"
#include "common/store/backup.h"

namespace twinzone::service {

namespace {

using config::CommandLine;
using config::ExitCode;
using config::Role;

// --store alone says where it is; a configuration file also says whose it is.
Result<config::Config> config_with_store(const CommandLine& command_line, Role role) {
    if (command_line.has_inline_options() && !command_line.inline_options.store.empty()) {
        config::Config config;
        config.store_path = command_line.inline_options.store;
        return config;
    }
    return config::config_of(command_line, role);
}

void tell(const CommandLine& command_line, const store::BackupFacts& facts,
          const std::string& words) {
    if (command_line.json) {
        fmt::print("{{\"zones\": {}, \"bytes\": {}}}\n", facts.zones, facts.bytes);
    } else if (::isatty(STDOUT_FILENO) == 1) {
        fmt::print("{}\n", words);
    }
}

std::string in_words(const store::BackupFacts& facts) {
    return fmt::format("{} zone{}, {} octets", facts.zones, facts.zones == 1 ? "" : "s",
                       facts.bytes);
}

}  // namespace

ExitCode back_up(Role role, const CommandLine& command_line) {
    const Result<config::Config> config = config_with_store(command_line, role);
    if (!config) {
        return report(role, config.error());
    }
    const std::string& folder = command_line.words.front();
    const Result<store::BackupFacts> facts = store::back_up(config->store_path, folder);
    if (!facts) {
        return report(role, facts.error());
    }
    tell(command_line, *facts, fmt::format("{}: {}", folder, in_words(*facts)));
    return ExitCode::ok;
}

ExitCode restore(Role role, const CommandLine& command_line) {
    const Result<config::Config> config = config_with_store(command_line, role);
    if (!config) {
        return report(role, config.error());
    }
    const Result<store::Backup> backup = store::open_backup(command_line.words.front());
    if (!backup) {
        return report(role, backup.error());
    }
    if (const Result<std::string> user = become_user(*config); !user) {
        return report(role, user.error());
    }
    const Result<std::string> aside =
        store::put_in_place(*backup, config->store_path, command_line.has("replace"));
    if (!aside) {
        return report(role, aside.error());
    }
    tell(command_line, backup->facts,
         fmt::format("{}: {}{}{}", config->store_path, in_words(backup->facts),
                     aside->empty() ? "" : "; what was there is now ", *aside));
    return ExitCode::ok;
}

}  // namespace twinzone::service
