// One run: primaries, perhaps a relay, three secondaries, operators, faults that come and go, then
// rest. Everything is drawn from the seed.
#pragma once

#include <cstdint>
#include <optional>

#include "tests/sim/checkers.h"

namespace twinzone::sim {

struct Outcome {
    std::optional<Violation> violation;
    std::uint64_t trace_hash = 0;
    std::size_t events = 0;
    std::size_t versions = 0;  // published
    World::FaultCounts faults;
};

[[nodiscard]] Outcome run_scenario(std::uint64_t seed, bool trace);

}  // namespace twinzone::sim
