// Whole small files, with their permissions.
#pragma once

#include <cstddef>
#include <string>

#include "common/base/result.h"

namespace twinzone::config {

struct FileText {
    std::string text;
    bool readable_by_others = false;
};

// Errc::file_unreadable with path and reason, also for a folder and for more than `max_bytes`.
// Blocking.
[[nodiscard]] Result<FileText> read_file(const std::string& path, std::size_t max_bytes);

}  // namespace twinzone::config
