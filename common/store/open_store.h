// Brings a store to where it can serve: directory, lock, a look for damage, format, the zones, what
// is left to sweep.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/store/batch.h"
#include "common/store/environment.h"
#include "common/store/resident_zones.h"
#include "common/store/store.h"

namespace twinzone::store {

// Makes the directory where it is missing. Errc::file_unreadable, config_invalid (a network file
// system).
[[nodiscard]] Result<void> prepare_directory(const std::string& directory);

// Opens, reads all records of zones and holds, sets aside what is damaged, and begins a fresh store
// where there is none (any more). Records that are damaged are taken out, named in `opening`, and
// what they referred to is marked for the sweep.
[[nodiscard]] Result<EnvironmentPtr> open_environment(const Environment::Options& options,
                                                      Residents& residents, Opening& opening);

// Opens again what was open before: damage is an error here, for zones are in service.
[[nodiscard]] Result<EnvironmentPtr> reopen_environment(const Environment::Options& options);

// False where the store is empty. Errc::store_format, store_corrupt.
[[nodiscard]] Result<bool> check_format(const EnvironmentPtr& env);

[[nodiscard]] Result<std::vector<SweepItem>> load_sweeps(const EnvironmentPtr& env);

// Keys of table `owed`.
[[nodiscard]] Result<std::vector<Bytes>> load_owed(const EnvironmentPtr& env);

}  // namespace twinzone::store
