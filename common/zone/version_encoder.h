// Turns the whole new content of a zone into pages, and says what version they make: for an AXFR, a
// zone file, a first load. Pages are pulled one by one, so that the store may write them in several
// bounded transactions; memory does not grow with the zone.
#pragma once

#include <optional>

#include "common/base/result.h"
#include "common/dns/soa.h"
#include "common/zone/page_encoder.h"
#include "common/zone/record_list.h"
#include "common/zone/record_stream.h"
#include "common/zone/version.h"

namespace twinzone::zone {

// Borrows the stream. Not thread-safe; dead after an error.
class VersionEncoder {
  public:
    // `records`: canonical order, no record twice, without the apex SOA.
    VersionEncoder(const dns::SoaRecord& soa, RecordStream& records);

    // The next page, in ascending order of keys; nullopt after the last. Errors of the stream;
    // Errc::limit for a record or an RRset that is too large; Errc::transfer_malformed for a SOA
    // among the records; Errc::internal where they are out of order.
    [[nodiscard]] Result<std::optional<EncodedPage>> next();

    // Whole only after next() gave nullopt.
    [[nodiscard]] const Version& version() const noexcept { return version_; }

  private:
    [[nodiscard]] Result<void> check(const dns::RecordView& record);
    [[nodiscard]] Result<std::optional<EncodedPage>> count(Result<std::optional<EncodedPage>> page);

    RecordStream& records_;
    PageEncoder encoder_;
    Version version_;
    RecordList last_;  // the record before, to see that order holds
    bool drained_ = false;
};

}  // namespace twinzone::zone
