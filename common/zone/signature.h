// Signatures of DNSSEC: what an RRSIG and a DNSKEY say (RFC 4034 §2, §3), and whether a signature
// is one of these octets by this key. The arithmetic is ldns'; it is given octets, never records.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/time.h"
#include "common/dns/name.h"
#include "common/dns/rr_type.h"
#include "common/dns/ttl.h"

namespace twinzone::zone {

// Borrows the rdata it was read from. RFC 4034 §3.1.
struct Signature {
    dns::RrType covered{};
    std::uint8_t algorithm = 0;
    std::uint8_t labels = 0;
    dns::Ttl original_ttl;
    std::uint32_t expiration = 0;  // seconds since 1970 modulo 2^32 (§3.1.5)
    std::uint32_t inception = 0;
    std::uint16_t key_tag = 0;
    dns::NameView signer;
    ByteView head;  // all before the signature itself
    ByteView octets;

    // nullopt where the rdata is not an RRSIG's.
    [[nodiscard]] static std::optional<Signature> parse(ByteView rdata);
};

// A key that may verify what is in its zone. Plain value.
struct ZoneKey {
    std::uint8_t algorithm = 0;
    std::uint16_t tag = 0;
    Bytes octets;

    // nullopt where the rdata is not a DNSKEY's, or the key is none for records of a zone: another
    // protocol, without the flag Zone Key, revoked (RFC 4034 §2.1, RFC 5011 §2.1).
    [[nodiscard]] static std::optional<ZoneKey> parse(ByteView rdata);
};

// The algorithms whose signatures can be verified here (RFC 8624 §3.1, without those that must not
// be used).
[[nodiscard]] bool is_known_algorithm(std::uint8_t algorithm) noexcept;

// A moment of a signature as the one nearest to `now` (RFC 4034 §3.1.5, RFC 1982).
[[nodiscard]] UnixTime moment_of(std::uint32_t seconds_modulo, UnixTime now) noexcept;

// Whether `signature` is the key's over `signed_octets`. Requires: is_known_algorithm().
[[nodiscard]] bool is_signature_of(const ZoneKey& key, ByteView signature, ByteView signed_octets);

}  // namespace twinzone::zone
