// Random rdata for property tests.
#pragma once

#include "common/base/bytes.h"
#include "common/base/random.h"
#include "common/dns/rr_type.h"

namespace twinzone::test {

// Valid rdata of a type that has a row of fields (rdata_field.h).
[[nodiscard]] Bytes random_rdata(dns::RrType type, Random& random);

// Any octets, 0 to `max` of them.
[[nodiscard]] Bytes random_octets(std::size_t max, Random& random);

// A name of random labels in wire form; most are short and of letters, some of any octets.
[[nodiscard]] Bytes random_name(Random& random);

}  // namespace twinzone::test
