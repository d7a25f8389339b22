// Who is there in one run and who follows whom, drawn from the seed.
//
//   ns1 ──┬─ [relay] ─┬─ ns2 ─[chain]─┐
//   twin ─┘           ├─ ns3 ◄────────┘
//                     └─ ns4
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "tests/sim/node.h"

namespace twinzone::sim {

inline constexpr Host kPrimary = 1;
inline constexpr Host kTwin = 5;   // a second primary of the same zones
inline constexpr Host kRelay = 4;  // between primaries and secondaries
inline constexpr Host kSecondaries[] = {2, 3, 6};

// What the second primary has: the first one's versions, or content of its own under their serials.
enum class Twin : std::uint8_t { none, same_content, own_content };

struct Topology {
    std::vector<dns::Name> zones;
    dns::TsigKeyPtr key;
    bool relayed = false;
    bool chained = false;  // ns3 follows ns2, then its other primaries
    bool guarded = false;
    bool short_expire = false;
    Twin twin{};
};

[[nodiscard]] Topology draw_topology(World& world);

// The first primary comes first.
[[nodiscard]] std::vector<NodeSettings> settings_of(const Topology& topology);

}  // namespace twinzone::sim
