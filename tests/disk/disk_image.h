// A disk as a record tells it: what was synced, and what was only written and may be there or not
// when the power goes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/random.h"
#include "tests/disk/record.h"

namespace twinzone::disk {

struct Change {
    Kind kind{};
    std::string path;
    std::uint64_t offset = 0;
    Bytes bytes;
};

// The changes of a record in order; a last one that is cut short is left out.
[[nodiscard]] std::vector<Change> read_record(const std::string& path);

// Disks write sectors whole, and in any order until they are told to sync.
inline constexpr std::size_t kSectorBytes = 512;

class DiskImage {
  public:
    void apply(const Change& change);

    // The files as they may be if the power goes now: of what is not synced each sector is there
    // or not.
    [[nodiscard]] std::map<std::string, Bytes> after_power_loss(Random& random) const;

    // A file as the process sees it now; empty where there is none.
    [[nodiscard]] Bytes seen(const std::string& path) const;

  private:
    struct File {
        Bytes synced;
        std::vector<Change> pending;
    };

    std::map<std::string, File> files_;
};

}  // namespace twinzone::disk
