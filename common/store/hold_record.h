// What the store keeps of a zone whose next version does not go into service: the value in table
// `holds`.
//
// Body, version 1 (its sum follows, see store.h):
//   u8 1, u8 flags (1: held, 2: rejected, 4: frozen),
//   held: u8 form, u32 id, u32 steps, version, u32 base serial, u64 base digest high, u64 low,
//     u8 reason, u64 lost, u64 removed, u64 added, i64 since, u16 length and text of the source
//   rejected: version, i64 when
//   frozen: i64 since
// version: SOA, u64 digest high, u64 digest low, u64 records, u64 wire octets (zone_record.h)
//
// A held version is kept in one of two forms. 0: as differences to the version in service, in table
// `journal` under the id, numbered from 0 (journal.h). 1: whole, in table `pages` under the id.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/store/keys.h"
#include "common/zone/digest.h"
#include "common/zone/zone_hold.h"

namespace twinzone::store {

// Where the held version's content is.
struct HeldContent {
    SweepItem item;           // journal: differences; content: all pages
    std::uint32_t steps = 0;  // differences
    zone::Digest base;        // of the version in service
};

// Plain value.
struct HoldRecord {
    zone::ZoneHold hold;
    HeldContent content;  // where hold.held
};

[[nodiscard]] Bytes encode(const HoldRecord& record);

// nullopt where the octets are none, or of a version that is not ours.
[[nodiscard]] std::optional<HoldRecord> decode_hold_record(ByteView body);

}  // namespace twinzone::store
