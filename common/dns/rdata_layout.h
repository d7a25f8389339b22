// What is known of a type's rdata on the wire: where names stand in it. Decides compression on
// writing (only the types of RFC 1035, RFC 3597 §4), decompression on reading (RFC 3597 §4), and
// which names canonical form lowers (RFC 4034 §6.2, RFC 6840 §5.1). Types without an entry are
// opaque.
#pragma once

#include <cstdint>
#include <span>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/rr_type.h"

namespace twinzone::dns {

enum class RdataFieldKind : std::uint8_t {
    octets,  // `count` octets
    name,    // a domain name
    string,  // a character-string: length octet and that many octets
    rest,    // whatever is left, also nothing
};

struct RdataField {
    RdataFieldKind kind{};
    std::uint8_t count = 0;
};

struct RdataLayout {
    std::span<const RdataField> fields;  // empty: opaque
    bool compress = false;               // names may be compressed when written
    bool decompress = false;             // names may arrive compressed
    bool lower_names = false;            // canonical form has names in lower case

    [[nodiscard]] bool opaque() const noexcept { return fields.empty(); }
};

// Thread-safe; the spans are static.
[[nodiscard]] const RdataLayout& rdata_layout(RrType type) noexcept;

// Checks uncompressed rdata against the layout: every field is whole and nothing is left over.
// Opaque rdata passes. Errc::message_malformed with the type and what is wrong.
[[nodiscard]] Result<void> check_rdata(RrType type, ByteView rdata);

// Appends `rdata` in canonical form: names in lower case where the layout says so. Requires:
// check_rdata() passed.
void append_canonical_rdata(RrType type, ByteView rdata, Bytes& out);

// Order of rdata in canonical form: as left-justified octet strings (RFC 4034 §6.3). Requires:
// check_rdata() passed for both. Negative, zero, positive.
[[nodiscard]] int compare_canonical_rdata(RrType type, ByteView a, ByteView b) noexcept;

}  // namespace twinzone::dns
