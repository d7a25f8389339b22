// The change guard: judges by what a new version takes away whether it may go into service without
// an operator. DESIGN §3 rule 9.
//
// Lost is a record in service that is gone and that no new record of the same owner and type takes
// the place of: a changed address or a zone signed anew loses nothing, whatever a difference
// removes and adds for it.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/result.h"
#include "common/dns/name.h"
#include "common/zone/diff.h"
#include "common/zone/record_stream.h"
#include "common/zone/zone_hold.h"

namespace twinzone::zone {

struct GuardLimits {
    std::uint32_t max_delete_percent = 50;  // of the records in service
    std::uint64_t min_records = 10;         // smaller zones may lose any share
};

struct Losses {
    std::uint64_t records = 0;  // lost
    std::uint64_t removed = 0;  // records that are gone, replaced ones included; TTLs aside
    std::uint64_t added = 0;
    bool apex_ns = false;  // the apex had NS records and lost them
};

// What a difference takes away. Losses::apex_ns: it removes NS records at the apex and adds none;
// whether others stay only the zone itself can tell.
[[nodiscard]] Losses losses_of(const Diff& diff);

// What `after` lacks of `before`; both streams in canonical order, read to their ends, nothing
// kept. Losses::apex_ns: all NS records at the apex are gone.
[[nodiscard]] Result<Losses> count_losses(dns::NameView apex, RecordStream& before,
                                          RecordStream& after);

// Why a version with these losses is held; nullopt: it may go into service. `records`: in service,
// the SOA included. Requires: losses.apex_ns only where all are gone.
[[nodiscard]] std::optional<HoldReason> judge(const GuardLimits& limits, std::uint64_t records,
                                              const Losses& losses) noexcept;

}  // namespace twinzone::zone
