// The SOA record of a zone's apex (RFC 1035 §3.3.13), whole: what identifies a version and sets a
// secondary's timers.
#pragma once

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/name.h"
#include "common/dns/record.h"
#include "common/dns/serial.h"
#include "common/dns/ttl.h"

namespace twinzone::dns {

// Plain value; case of all names as it came in.
struct SoaRecord {
    Name owner;
    Ttl ttl;
    Name mname;
    Name rname;
    Serial serial;
    seconds refresh{0};
    seconds retry{0};
    seconds expire{0};
    std::uint32_t minimum = 0;  // seconds; negative-caching TTL (RFC 2308 §4)

    // Requires: record.type is SOA. Errc::message_malformed where the rdata is not exactly a SOA's.
    [[nodiscard]] static Result<SoaRecord> parse(const RecordView& record);

    // Wire form without compression.
    [[nodiscard]] Bytes rdata() const;
    [[nodiscard]] Record record() const;
};

// Equal rdata, names compared without case, TTL and owner's case left aside: "our SOA" in an IXFR
// (RFC 1995 §4).
[[nodiscard]] bool same_rdata(const SoaRecord& a, const SoaRecord& b) noexcept;

}  // namespace twinzone::dns
