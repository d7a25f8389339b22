// The files that a hook may read: the new version as a zone file, and what leads to it. Made in a
// private folder that goes with this object.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/dns/serial.h"
#include "common/store/held_snapshot.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

class HookFiles {
  public:
    // Makes the folder. Errc::file_unreadable, disk_full.
    [[nodiscard]] static Result<std::unique_ptr<HookFiles>> create(const std::string& folder);

    // Deletes folder and files.
    ~HookFiles();
    HookFiles(const HookFiles&) = delete;
    HookFiles& operator=(const HookFiles&) = delete;

    // The version, and the difference from `old`: where the journal does not reach back to it,
    // there is no difference. Blocking, for the pool.
    [[nodiscard]] Result<void> write(const std::shared_ptr<const zone::Snapshot>& snapshot,
                                     std::optional<dns::Serial> old);
    // A held version, and the difference from the one in service. Blocking, for the pool.
    [[nodiscard]] Result<void> write(const std::shared_ptr<const store::HeldSnapshot>& snapshot);

    // Absolute; empty where there is none.
    [[nodiscard]] const std::string& zone_file() const noexcept { return zone_file_; }
    [[nodiscard]] const std::string& diff_file() const noexcept { return diff_file_; }

  private:
    explicit HookFiles(std::string folder) : folder_(std::move(folder)) {}

    std::string folder_;
    std::string zone_file_;
    std::string diff_file_;
};

}  // namespace twinzone::service
