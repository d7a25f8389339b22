// The records of a catalog zone that we make of our own zones (RFC 9432 §4): NS, the version, and
// for each member a PTR below "zones" with its group.
#pragma once

#include <span>
#include <string>

#include "common/dns/soa.h"
#include "common/zone/record_list.h"

namespace twinzone::zone {

struct ListedZone {
    dns::Name zone;
    std::string group;  // empty: none; at most 255 octets
};

// What a catalog's apex may have at most, so that the names below it fit into 255 octets.
inline constexpr std::size_t kMaxCatalogNameBytes = 208;

// The label of a member, the same for ever: 32 hexadecimal digits of the SHA-256 of its name in
// lower case. RFC 9432 §4.1: unique, and another one resets the member at consumers.
[[nodiscard]] std::string member_label(dns::NameView zone);

// All records but the SOA, in canonical order. Zones are each given once. Requires: apex.size() <=
// kMaxCatalogNameBytes.
[[nodiscard]] RecordList catalog_records(dns::NameView apex, std::span<const ListedZone> zones);

// RFC 9432 §4.2: names that never resolve; timers of its example.
[[nodiscard]] dns::SoaRecord catalog_soa(dns::NameView apex, dns::Serial serial);

}  // namespace twinzone::zone
