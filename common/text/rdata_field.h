// The presentation form of each type's rdata as a row of fields. Reader and writer walk the same
// row, so that they cannot disagree. A type without a row is read by ldns, if it knows it.
#pragma once

#include <cstdint>
#include <span>

#include "common/dns/rr_type.h"

namespace twinzone::text {

enum class Field : std::uint8_t {
    u8,
    u16,
    u32,
    period,         // 32 bits of seconds, with units as BIND has them
    timestamp,      // RFC 4034 §3.2
    type,           // a type's mnemonic, 16 bits
    algorithm,      // DNSSEC algorithm, number or mnemonic, 8 bits
    certificate,    // RFC 4398 §2.1: number or mnemonic, 16 bits
    notify_scheme,  // RFC 9859 §2: number or "NOTIFY", 8 bits
    name,
    ipv4,
    ipv6,
    locator,  // RFC 6742: 64 bits as four hex groups with colons
    eui48,    // RFC 7043
    eui64,
    string,           // one character-string
    optional_string,  // one or none; last
    strings,          // one or more; last
    tag,              // CAA: letters and digits behind a length octet
    long_text,        // CAA, URI: text without a length octet; last
    salt,             // NSEC3: hex behind a length octet, "-" for none
    next_hash,        // NSEC3: base32hex behind a length octet
    bitmap,           // set of types; last
    hex,              // to the end, one octet at least; last
    base64,           // to the end, one octet at least; last
    optional_base64,  // to the end, may be missing; last
    ipseckey,         // RFC 4025 §3.1: gateway type, algorithm, gateway
    amt_relay,        // RFC 8777 §4.3.1: D bit and relay type, relay; last
    service_params,   // RFC 9460 §2.1; last
};

// Empty where there is no row. The rows are static.
[[nodiscard]] std::span<const Field> rdata_fields(dns::RrType type) noexcept;

}  // namespace twinzone::text
