// The sort key of an owner: octets whose plain byte order is the canonical order of names (RFC 4034
// §6.1), so that a store that knows nothing of DNS keeps records in order. Labels from the right,
// in lower case, each ended by 0x00; within a label 0x00 is written 01 01 and 0x01 is written 01
// 02. The root has the empty key; a name's key is a prefix of the keys of all names below it.
#pragma once

#include "common/base/bytes.h"
#include "common/dns/name.h"

namespace twinzone::zone {

// A name has at most 250 octets in its labels beside four lengths and the root; each may need two.
inline constexpr std::size_t kMaxSortKeyBytes = 504;

// Appends at most kMaxSortKeyBytes. Allocates only where `out` has no room.
void append_sort_key(dns::NameView owner, Bytes& out);

[[nodiscard]] Bytes sort_key(dns::NameView owner);

// Order of two keys (sort keys or page keys) as the store has it: memcmp, then length. Negative,
// zero, positive.
[[nodiscard]] int compare_keys(ByteView a, ByteView b) noexcept;

}  // namespace twinzone::zone
