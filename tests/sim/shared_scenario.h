// One run of two primaries that share their history over a modelled PostgreSQL, and three
// secondaries of both. Everything is drawn from the seed.
#pragma once

#include "tests/sim/scenario.h"

namespace twinzone::sim {

[[nodiscard]] Outcome run_shared_scenario(std::uint64_t seed, bool trace);

}  // namespace twinzone::sim
