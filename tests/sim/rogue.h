// What faulty primaries answer to a transfer query: each answer breaks one rule, and none of them
// is a version that was ever published.
#pragma once

#include "common/dns/message.h"
#include "tests/sim/model_store.h"
#include "tests/sim/world.h"

namespace twinzone::sim {

struct RogueAnswer {
    Bytes message;
    bool hangs_up = false;  // the connection ends behind it
};

// Drawn from the world's seed. `version`: what an honest primary would send.
[[nodiscard]] RogueAnswer rogue_answer(World& world, const dns::Message& query,
                                       const StoredVersion& version);

}  // namespace twinzone::sim
