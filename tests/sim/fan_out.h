// The fan-out of changes through tiers of the production cores, without faults: what goes over the
// wire, what is committed and how long it takes until every leaf has a change.
//
//   ns1 ──┬─ relay ──┬─ leaf          with 0 relays the leaves follow ns1
//         ├─ relay   ├─ leaf
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tests/sim/node.h"

namespace twinzone::sim {

struct FanOutSettings {
    std::uint32_t relays = 2;
    std::uint32_t leaves = 5;  // of each relay
    std::uint32_t zones = 20;
    std::uint32_t changes = 10;  // a second, each of one zone; 0: at rest
    seconds duration{10};
    seconds refresh{3600};
    Duration most_delay = milliseconds{5};  // of a packet one way; the least is 50 us
    bool with_key = false;                  // small differences are then asked for by UDP
    std::uint64_t seed = 1;
};

// No packet is faster.
inline constexpr Duration kLeastDelay = microseconds{50};
// A commit reaches the model's disk within these, one after the other, and is told within the
// others.
inline constexpr Duration kLeastCommit = microseconds{300};
inline constexpr Duration kMostCommit = microseconds{500};
inline constexpr Duration kLeastTold = microseconds{10};
inline constexpr Duration kMostTold = milliseconds{2};

enum class Sent : std::uint8_t {
    notify,
    notify_answer,
    soa_query,
    soa_answer,
    ixfr_query,
    ixfr_answer,
    other,
};
inline constexpr std::size_t kSent = 7;

// Messages of one kind; octets without those of UDP, TCP and IP.
struct Traffic {
    std::uint64_t messages = 0;
    std::uint64_t octets = 0;
};

// Between a tier and the one below it: what the one sends the other gets.
struct Edges {
    std::uint64_t count = 0;
    std::array<Traffic, kSent> traffic{};
    [[nodiscard]] const Traffic& of(Sent kind) const {
        return traffic[static_cast<std::size_t>(kind)];
    }
};

struct Tier {
    std::uint64_t nodes = 0;
    std::uint64_t commits = 0;  // of versions, by all of them
    Node::Queues largest;       // of any of them, ever
};

struct FanOut {
    std::vector<Tier> tiers;          // the primary first
    std::vector<Edges> edges;         // edges[i] from tiers[i] to tiers[i + 1]
    std::uint64_t changes = 0;        // that the primary committed
    std::uint64_t missing = 0;        // of them, not everywhere at the end
    std::vector<Duration> latencies;  // of each, from its commit to the last leaf's; sorted
    Duration measured{0};             // simulated
    std::size_t events = 0;
};

[[nodiscard]] FanOut run_fan_out(const FanOutSettings& settings);

// Prints what was counted beside what arithmetic says. False where a figure is further from it than
// its margin.
[[nodiscard]] bool report_fan_out(const FanOutSettings& settings, const FanOut& counted);

// `sim --fan-out …`; the program's exit code.
[[nodiscard]] int fan_out_command(int argc, char** argv);

}  // namespace twinzone::sim
