// What twinzone-primary needs to go on where a secondary was promoted: its configuration over the
// same store, and the zone files to edit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/config/config.h"

namespace twinzone::secondary {

// The secondary's configuration as that of a primary: same store, keys, addresses, access and
// NOTIFY. Promoted zones come from their files in `folder`; the others are followed as before.
[[nodiscard]] config::Config primary_config(const config::Config& secondary,
                                            const std::function<bool(const dns::Name&)>& promoted,
                                            const std::string& folder);

// "FOLDER/primary.yaml".
[[nodiscard]] std::string configuration_in(const std::string& folder);

// Makes the folder, for whoever owns the store. Errc::file_unreadable. Blocking.
[[nodiscard]] Result<void> make_folder(const std::string& folder, const std::string& store_path);

// Gives the file to whoever owns the store, where we may: a promotion by root leaves nothing behind
// that the service cannot read. Blocking.
void give_to_owner(const std::string& path, const std::string& store_path);

// Writes what primary_config() gave into `folder`, whole or not at all; readable by nobody else,
// for there may be secrets in it. Errc::file_unreadable, disk_full, config_invalid. Blocking.
[[nodiscard]] Result<void> write_configuration(const config::Config& primary,
                                               const std::string& folder);

// What does not go over to the primary by itself, in words.
[[nodiscard]] std::vector<std::string> notes_on(const config::Config& secondary,
                                                const std::string& folder);

}  // namespace twinzone::secondary
