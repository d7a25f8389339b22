// The last decisions about each zone, in memory: what `why` tells. Bounded for each zone and as a
// whole; a zone about which nothing was decided has none.
#pragma once

#include <list>
#include <unordered_map>
#include <vector>

#include "common/base/time.h"
#include "common/dns/name.h"
#include "common/service/decision.h"

namespace twinzone::service {

// Of one zone; the oldest goes first.
inline constexpr std::size_t kMaxDecisions = 64;

// Of these, what clients cause at will: a flood of refusals leaves the rest readable.
inline constexpr std::size_t kMaxClientDecisions = 8;

// So far back the same decision is looked for, to be counted and not kept twice: rounds over a few
// primaries repeat themselves.
inline constexpr std::size_t kRepeatWindow = 8;

// Octets of all zones: some 150,000 decisions. Beyond it the zones that were quiet longest lose
// theirs.
inline constexpr std::size_t kMaxDecisionBytes = std::size_t{64} << 20;

// Not thread-safe.
class DecisionBook {
  public:
    explicit DecisionBook(std::size_t max_bytes = kMaxDecisionBytes) noexcept
        : max_bytes_(max_bytes) {}

    void add(UnixTime now, const dns::Name& zone, Decision decision);
    void forget(const dns::Name& zone);

    // Oldest first. Borrowed until the next call of add() or forget().
    [[nodiscard]] const std::vector<KeptDecision>& of(const dns::Name& zone) const;

    // Octets kept.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  private:
    struct Zone {
        std::vector<KeptDecision> kept;
        std::list<const dns::Name*>::iterator place;  // in quiet_
    };

    void drop(Zone& zone, std::size_t index);
    void make_room(Zone& zone, bool by_client);
    void shrink(const dns::Name& busy);

    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    std::unordered_map<dns::Name, Zone, dns::NameHash> zones_;
    std::list<const dns::Name*> quiet_;  // keys of zones_, quiet longest first
};

}  // namespace twinzone::service
