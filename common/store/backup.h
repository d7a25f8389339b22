// A copy of a whole store in a folder of its own, made while the store is in use, and a store made
// of such a copy. What is copied is one commit: every zone with its version, history, timers and
// owed NOTIFYs as they stood together.
//
// The folder has one file, data.mdb, which is the store's own (store.h).
#pragma once

#include <cstdint>
#include <string>

#include "common/base/file.h"
#include "common/base/result.h"

namespace twinzone::store {

struct BackupFacts {
    std::uint64_t zones = 0;  // that have a version
    std::uint64_t bytes = 0;  // of the file
};

// Copies the store in `directory` to `folder`, which is made where it is missing. A backup that is
// there is replaced when the new one is whole, checked and synced. Errc::usage where `folder` is a
// store, not_found where `directory` has none; store_corrupt where the copy is not sound;
// disk_full, file_unreadable. Blocking. While it runs the store cannot use pages again that others
// free.
[[nodiscard]] Result<BackupFacts> back_up(const std::string& directory, const std::string& folder);

// A backup that is open for reading, so that it can be put in place by who may not open it.
struct Backup {
    File file;
    BackupFacts facts;
};

// Opens and checks the backup in `folder`. Errc::not_found, store_corrupt, store_format,
// store_locked where it is a store in use, file_unreadable. Blocking.
[[nodiscard]] Result<Backup> open_backup(const std::string& folder);

// Makes it the store in `directory`, which is made where it is missing. A store with zones that is
// there is set aside where `may_replace` is set, as data.mdb.replaced-<unix time>; its name is
// returned (empty: none was). Errc::store_locked, usage where there is one that may not be
// replaced, disk_full, file_unreadable. Whatever the error, the store that was there is still
// there. Blocking.
[[nodiscard]] Result<std::string> put_in_place(const Backup& backup, const std::string& directory,
                                               bool may_replace);

}  // namespace twinzone::store
