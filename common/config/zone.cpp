#include "common/config/config.h"
#include "common/config/zone_path.h"

namespace twinzone::config {

const SettingsPtr& Zone::usual() {
    static const SettingsPtr kUsual = std::make_shared<const ZoneSettings>();
    return kUsual;
}

// That a pattern can be filled was seen when the zone was made.
std::string Zone::source_file() const {
    if (!settings_->source_file.empty() || !has_source_file() || is_followed()) {
        return settings_->source_file;
    }
    const Result<std::string> path = settings_->source_directory.empty()
                                         ? fill_path_pattern(settings_->source_pattern, name)
                                         : zone_file_in(settings_->source_directory, name);
    return path ? *path : std::string{};
}

std::string Zone::output_path() const {
    if (settings_->output.mode != OutputMode::file || !settings_->output.path.empty()) {
        return settings_->output.path;
    }
    const Result<std::string> path = fill_path_pattern(settings_->output_pattern, name);
    return path ? *path : std::string{};
}

Output Zone::output() const {
    Output filled = settings_->output;
    filled.path = output_path();
    return filled;
}

}  // namespace twinzone::config
