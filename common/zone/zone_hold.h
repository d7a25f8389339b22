// What keeps a zone's next version out of service: the change guard, an operator's refusal, a
// freeze. Kept by the store beside the zone, so that it survives restarts. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/time.h"
#include "common/dns/serial.h"
#include "common/zone/version.h"

namespace twinzone::zone {

enum class HoldReason : std::uint8_t {
    deletions = 1,  // more records would go than the guard lets go
    apex_ns = 2     // none of the apex's NS records would be left
};

// A version that the guard stopped: whole in the store, served by nobody.
struct HeldVersion {
    Version version;
    dns::Serial base;  // of the version in service, which it is a change of
    HoldReason reason{};
    std::uint64_t lost = 0;     // records in service that nothing takes the place of (guard.h)
    std::uint64_t removed = 0;  // records, as a difference counts them
    std::uint64_t added = 0;
    UnixTime since;
    std::string source;  // where it came from: a remote, a file
};

// What an operator refused to publish: not taken again.
struct RejectedVersion {
    Version version;
    UnixTime when;
};

struct ZoneHold {
    std::optional<HeldVersion> held;
    std::optional<RejectedVersion> rejected;
    std::optional<UnixTime> frozen_since;

    [[nodiscard]] bool empty() const noexcept { return !held && !rejected && !frozen_since; }
};

}  // namespace twinzone::zone
