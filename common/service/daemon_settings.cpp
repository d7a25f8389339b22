#include "common/service/daemon_settings.h"

#include "common/config/command_line.h"

namespace twinzone::service {

store::JournalLimits journal_limits(const config::JournalLimits& configured) {
    return {.max_versions = configured.max_versions,
            .max_bytes = configured.max_bytes,
            .max_share_percent = configured.max_share_percent};
}

observe::LogSettings log_settings(const config::Config& config) {
    const Result<observe::Level> level = observe::level_from_text(config.log.level);
    return {.target = config.log.target,
            .program = std::string{config::program_name(config.role)},
            .level = level ? *level : observe::Level::info,
            .json = config.log.json};
}

}  // namespace twinzone::service
