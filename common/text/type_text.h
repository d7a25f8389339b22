// Types and classes as tokens: dns::rr_type_from_text() with a short cut for the types that make up
// most zones, and the form of a type that other servers understand.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/dns/rr_type.h"

namespace twinzone::text {

// A mnemonic or TYPE1234, in any case.
[[nodiscard]] std::optional<dns::RrType> read_type(std::string_view text) noexcept;

// True if the servers we write files for (BIND 9.18, NSD 4.6, Knot 3.2, PowerDNS 4.7) all read the
// type's mnemonic.
[[nodiscard]] bool is_widely_known(dns::RrType type) noexcept;

// Appends the mnemonic of a widely known type, TYPE1234 otherwise.
void append_type_text(dns::RrType type, std::string& out);

}  // namespace twinzone::text
