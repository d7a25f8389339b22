#include "common/zone/version_encoder.h"

#include <fmt/format.h>

namespace twinzone::zone {

VersionEncoder::VersionEncoder(const dns::SoaRecord& soa, RecordStream& records)
    : records_(records) {
    version_.soa = soa;
    version_.digest.add(soa.record().view());
    version_.records = 1;
}

Result<std::optional<EncodedPage>> VersionEncoder::next() {
    while (!drained_) {
        Result<std::optional<dns::RecordView>> record = records_.next();
        if (!record) {
            return fail(std::move(record).error());
        }
        if (!*record) {
            drained_ = true;
            break;
        }
        if (Result<void> right = check(**record); !right) {
            return fail(std::move(right).error());
        }
        version_.digest.add(**record);
        ++version_.records;
        Result<std::optional<EncodedPage>> page = encoder_.add(**record);
        if (!page || *page) {
            return count(std::move(page));
        }
    }
    return count(encoder_.finish());
}

Result<std::optional<EncodedPage>> VersionEncoder::count(Result<std::optional<EncodedPage>> page) {
    if (page && *page) {
        version_.wire_bytes += (*page)->message.size();
    }
    return page;
}

// What a table of pages relies on. The record before is kept as a copy: the stream's own view of it
// is gone by now.
Result<void> VersionEncoder::check(const dns::RecordView& record) {
    if (record.type == dns::RrType::soa) {
        return fail(Errc::transfer_malformed,
                    fmt::format("a SOA at {} within the zone", record.owner.to_text()));
    }
    if (!last_.empty() && compare_canonical(last_[0], record) >= 0) {
        return fail(Errc::internal, fmt::format("{} {} is out of canonical order",
                                                record.owner.to_text(), to_text(record.type)));
    }
    last_.clear();
    last_.append(record);
    return {};
}

}  // namespace twinzone::zone
