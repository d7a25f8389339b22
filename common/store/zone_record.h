// What the store keeps of a zone beside its pages and its history: the value in table `zones`, and
// the form in which a zone is resident.
//
// Body, version 1 (its sum follows, see store.h):
//   u8 1, u8 flags (1: there is a version, 2: promoted, 4: source), u32 content, u32 journal,
//   u64 first step, u64 next step, u64 journal octets, i64 last success, i64 expires,
//   where it is promoted: i64 since when,
//   where the version's source is known: u16 length and text of it,
//   where there is a version: SOA, u64 digest high, u64 digest low, u64 records, u64 wire octets
// SOA: owner, mname, rname (wire, case as it came in), then TTL, serial, refresh, retry, expire,
// minimum, each u32.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/bytes.h"
#include "common/dns/soa.h"
#include "common/zone/version_store.h"

namespace twinzone::store {

inline constexpr std::size_t kMaxSourceBytes = 1024;

// Plain value.
struct ZoneRecord {
    std::uint32_t content = 0;     // whose pages; 0: none were ever written
    std::uint32_t journal = 0;     // whose steps; 0: none were ever written
    std::uint64_t first_step = 0;  // steps are numbered from first_step up to next_step - 1
    std::uint64_t next_step = 0;
    std::uint64_t journal_bytes = 0;  // octets of the pages of all steps
    zone::ZoneTimers timers;
    std::string source;  // of the version, as its commit said; at most kMaxSourceBytes are kept
    std::optional<zone::Version> version;
};

[[nodiscard]] Bytes encode(const ZoneRecord& record);

// nullopt where the octets are none, or of a version that is not ours.
[[nodiscard]] std::optional<ZoneRecord> decode_zone_record(ByteView body);

void put_soa(ByteWriter& writer, const dns::SoaRecord& soa);
[[nodiscard]] std::optional<dns::SoaRecord> take_soa(ByteReader& reader);

// SOA, digest, counts: as above.
void put_version(ByteWriter& writer, const zone::Version& version);
[[nodiscard]] std::optional<zone::Version> take_version(ByteReader& reader);

void put_time(ByteWriter& writer, UnixTime time);
[[nodiscard]] UnixTime take_time(ByteReader& reader);

}  // namespace twinzone::store
