// A version that the change guard keeps, held still beside the one it would take the place of: for
// who is to decide about it.
#pragma once

#include <memory>

#include "common/store/environment.h"
#include "common/store/hold_record.h"
#include "common/store/zone_record.h"
#include "common/zone/record_stream.h"

namespace twinzone::store {

// Thread-safe: it never changes. May outlive the store. Streams must not outlive it.
class HeldSnapshot {
  public:
    // Requires: record.version, hold.hold.held.
    HeldSnapshot(std::shared_ptr<const ReadTransaction> txn, ZoneRecord record,
                 HoldRecord hold) noexcept;
    ~HeldSnapshot();
    HeldSnapshot(const HeldSnapshot&) = delete;
    HeldSnapshot& operator=(const HeldSnapshot&) = delete;

    [[nodiscard]] const zone::HeldVersion& held() const noexcept { return *hold_.hold.held; }
    [[nodiscard]] const zone::Version& in_service() const noexcept { return *record_.version; }

    // All records but the SOA. Reads the differences into memory where it is kept as such: for the
    // pool. Errc::store_corrupt.
    [[nodiscard]] Result<std::unique_ptr<zone::RecordStream>> held_records() const;
    [[nodiscard]] std::unique_ptr<zone::RecordStream> records_in_service() const;

  private:
    std::shared_ptr<const ReadTransaction> txn_;
    ZoneRecord record_;
    HoldRecord hold_;
};

}  // namespace twinzone::store
