// The records of a zone file, judged one by one and collected: owner within the zone, one SOA,
// limits. Parts of a file may be taken in side by side and joined.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/dns/record.h"
#include "common/dns/soa.h"
#include "common/store/record_sorter.h"

namespace twinzone::primary {

struct LoadOptions;

// Borrows the options. Not thread-safe.
class ZoneIntake {
  public:
    ZoneIntake(const LoadOptions& options, std::size_t memory_bytes);

    // Errc::zone_file_content, in words without the place where the record stands; what the sorter
    // may fail with.
    [[nodiscard]] Result<void> take(const dns::RecordView& record);

    // Takes what a later part of the file had. Errc::zone_file_content where both together break a
    // rule.
    [[nodiscard]] Result<void> append(ZoneIntake&& later);

    // Sorts what it has, so that append() and the sorter's finish() have less to do.
    void sort() { sorter_.sort(); }

    [[nodiscard]] const std::optional<dns::SoaRecord>& soa() const noexcept { return soa_; }
    [[nodiscard]] bool has_apex_ns() const noexcept { return has_apex_ns_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }  // in wire form
    [[nodiscard]] std::uint64_t records() const noexcept { return sorter_.added(); }  // not the SOA
    [[nodiscard]] store::RecordSorter& sorter() noexcept { return sorter_; }

  private:
    [[nodiscard]] Result<void> check_limit() const;
    [[nodiscard]] Result<void> take_soa(const dns::RecordView& record);

    const LoadOptions& options_;
    store::RecordSorter sorter_;
    std::optional<dns::SoaRecord> soa_;
    bool has_apex_ns_ = false;
    std::uint64_t bytes_ = 0;
};

}  // namespace twinzone::primary
