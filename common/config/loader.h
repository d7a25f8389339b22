// Reads the YAML configuration strictly: what is unknown, written twice, of the wrong type, out of
// range or points nowhere is an error, and every error of a file is reported in one run.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/config/config.h"

namespace twinzone::config {

// A larger file is refused before it is parsed. Very many zones belong into `zones-file`, which has
// no such limit.
inline constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;

// Errors beyond this many are counted, not shown.
inline constexpr std::size_t kMaxShownErrors = 100;

// Errc::config_invalid: the detail has one block for each error, in the order of the file
//
//   primary.yaml:3:13: unknown key 'lissten' in 'server'; did you mean 'listen'?
//     server: { lissten: [127.0.0.1@5300] }
//               ^
//
// and a last line with their count; no block ever shows a secret. Errc::file_unreadable where the
// file itself cannot be read. Blocking: reads the file, key files and the zones file. Relative
// paths start at the working directory.
[[nodiscard]] Result<Config> load_file(const std::string& path, Role role);

// The same for text that is already here; `display_name` stands for the file in errors.
[[nodiscard]] Result<Config> load_text(std::string_view text, const std::string& display_name,
                                       Role role);

// The control socket that a configuration file names, or the role's default where it names none.
// Looks at nothing else, so that an operator who may not read the key files can still ask for the
// status.
[[nodiscard]] Result<std::string> control_socket_in(const std::string& path, Role role);

// "/etc/twinzone/primary.yaml", "/var/lib/twinzone/primary", "/run/twinzone/primary.sock" or the
// same for the secondary.
[[nodiscard]] std::string default_file(Role role);
[[nodiscard]] std::string default_store(Role role);
[[nodiscard]] std::string default_control_socket(Role role);

}  // namespace twinzone::config
