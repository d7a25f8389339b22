// Where the file of an $INCLUDE is.
#pragma once

#include <string>

#include "common/base/result.h"

namespace twinzone::text {

// `name` as it is written; relative ones start in `base_dir` ("" is the current folder). With a
// `root_dir` the file must lie in it once symbolic links are resolved. Errc::not_found,
// Errc::file_unreadable, or Errc::zone_file_content where it lies outside.
[[nodiscard]] Result<std::string> include_path(const std::string& name, const std::string& base_dir,
                                               const std::string& root_dir);

// The folder of a file, with the closing slash; "" for a bare name.
[[nodiscard]] std::string folder_of(const std::string& path);

}  // namespace twinzone::text
