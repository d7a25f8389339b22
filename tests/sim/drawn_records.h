// Records of the simulated zones.
#pragma once

#include "common/dns/record.h"
#include "tests/sim/world.h"

namespace twinzone::sim {

[[nodiscard]] dns::Record record(const dns::Name& owner, dns::RrType type, std::uint32_t ttl,
                                 Bytes rdata);

// An address or a text below the zone, drawn from the seed.
[[nodiscard]] dns::Record random_record(World& world, const dns::Name& zone);

}  // namespace twinzone::sim
