// The last decisions about each zone, in memory: what `why` tells. Bounded for each zone and as a
// whole; a zone about which nothing was decided has none. They are kept packed: there may be very
// many zones, and they are seldom asked for.
#pragma once

#include <memory>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/time.h"
#include "common/dns/name_table.h"
#include "common/service/decision.h"

namespace twinzone::service {

// Of one zone; the oldest goes first.
inline constexpr std::size_t kMaxDecisions = 64;

// Of these, what clients cause at will: a flood of refusals leaves the rest readable.
inline constexpr std::size_t kMaxClientDecisions = 8;

// So far back the same decision is looked for, to be counted and not kept twice: rounds over a few
// primaries repeat themselves.
inline constexpr std::size_t kRepeatWindow = 8;

// Octets of all zones: some 40,000 decisions. Beyond it the zones that were quiet longest lose
// theirs.
inline constexpr std::size_t kMaxDecisionBytes = std::size_t{4} << 20;

// Not thread-safe.
class DecisionBook {
  public:
    // `names` is shared with other parts that know the same zones.
    explicit DecisionBook(std::size_t max_bytes = kMaxDecisionBytes,
                          dns::NameTablePtr names = std::make_shared<dns::NameTable>())
        : max_bytes_(max_bytes), names_(std::move(names)) {}

    void add(UnixTime now, const dns::Name& zone, const Decision& decision);
    void forget(const dns::Name& zone);

    // Oldest first.
    [[nodiscard]] std::vector<KeptDecision> of(const dns::Name& zone) const;

    // Octets kept.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  private:
    static constexpr std::uint32_t kNone = 0xffffffffU;

    // One zone's, packed one behind the other; linked by how long it was quiet.
    struct Zone {
        Bytes packed;
        std::uint32_t number = kNone;  // its name's
        std::uint32_t quieter = kNone;
        std::uint32_t busier = kNone;
    };

    static void make_room(Bytes& run, bool by_client);
    void link(std::uint32_t place);
    void unlink(std::uint32_t place);
    void drop(std::uint32_t place);

    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    dns::NameTablePtr names_;
    dns::ByNumber<std::uint32_t> places_;  // in zones_ plus 1; 0: none
    std::vector<Zone> zones_;
    std::vector<std::uint32_t> free_;
    std::uint32_t quietest_ = kNone;
    std::uint32_t busiest_ = kNone;
};

}  // namespace twinzone::service
