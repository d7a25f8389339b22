// Rdata of the types that rdata_field.h has no row for, by ldns: the only place that includes it.
// ldns sees one record in one line, limited in size, and never a peer's octets.
#pragma once

#include "common/dns/name.h"
#include "common/dns/rr_type.h"
#include "common/text/rdata_buffer.h"
#include "common/text/scanner.h"

namespace twinzone::text {

// Octets of rdata text that ldns is given; longer rdata of these types is written as "\# length
// hex".
inline constexpr std::size_t kMaxLdnsTextBytes = 4096;

// Reads up to the end of the entry and appends the wire form to `out`, or sets a fault.
void read_rdata_by_ldns(Scanner& scanner, dns::RrType type, dns::NameView origin, RdataBuffer& out);

// Appends what ldns prints for `rdata`. False, with `out` as it was, for the types and forms that
// it is not trusted with.
[[nodiscard]] bool append_rdata_by_ldns(dns::RrType type, ByteView rdata, std::string& out);

}  // namespace twinzone::text
