// What identifies one version of a zone, and what is known about it without reading its records.
#pragma once

#include <cstdint>

#include "common/base/time.h"
#include "common/dns/soa.h"
#include "common/zone/digest.h"

namespace twinzone::zone {

// Plain value.
struct Version {
    dns::SoaRecord soa;            // the apex SOA: kept here, never in a page
    Digest digest;                 // over all records, the SOA included
    std::uint64_t records = 0;     // the SOA included
    std::uint64_t wire_bytes = 0;  // octets of all pages: what an AXFR costs, a few octets aside

    [[nodiscard]] dns::Serial serial() const noexcept { return soa.serial; }
};

}  // namespace twinzone::zone
