// A difference between two versions of a zone: RFC 1995's difference sequence as a value.
#pragma once

#include "common/dns/soa.h"
#include "common/zone/record_list.h"
#include "common/zone/record_stream.h"

namespace twinzone::zone {

// Both lists are in canonical order without the SOAs; a record whose TTL (or rdata case) changes
// stands in both. Movable.
struct Diff {
    dns::SoaRecord from;
    dns::SoaRecord to;
    RecordList removed;
    RecordList added;

    [[nodiscard]] bool empty() const noexcept { return removed.empty() && added.empty(); }
};

// What turns `a` into `b`; both streams in canonical order. Reads both once, keeps only the
// difference. nullopt where that grows past `max_bytes`, or `a` is damaged.
[[nodiscard]] Result<std::optional<Diff>> diff(const dns::SoaRecord& from, RecordStream& a,
                                               const dns::SoaRecord& to, RecordStream& b,
                                               std::size_t max_bytes);

}  // namespace twinzone::zone
