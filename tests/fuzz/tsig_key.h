// The key and the clock of the TSIG harnesses.
#pragma once

#include "common/dns/tsig.h"

namespace twinzone::fuzz {

inline constexpr UnixTime kNow{1700000000};

[[nodiscard]] inline dns::TsigKeyPtr tsig_key() {
    return *dns::TsigKey::create(*dns::Name::from_text("k."), dns::TsigAlgorithm::hmac_sha256,
                                 Bytes(32, 1));
}

// A query of SOA example.test.
[[nodiscard]] inline Bytes soa_query() {
    return {0x12, 0x34, 0,   0,   0,   1, 0,   0,   0,   0,   0, 0, 7, 'e', 'x',
            'a',  'm',  'p', 'l', 'e', 4, 't', 'e', 's', 't', 0, 0, 6, 0,   1};
}

}  // namespace twinzone::fuzz
