// The guard a zone has, and what holds its next version back, in words: for status, log, verbs and
// the ends of checks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/config/config.h"
#include "common/zone/guard.h"
#include "common/zone/zone_hold.h"

namespace twinzone::service {

// "serial 9 is held: it takes away 60 of 100 records"; how to let it go is not in it. `records`: in
// service; 0: not known.
[[nodiscard]] std::string held_text(const zone::HeldVersion& held, std::uint64_t records);
[[nodiscard]] std::string rejected_text(const zone::RejectedVersion& rejected);

// The guard that the zone is configured to have.
[[nodiscard]] std::optional<zone::GuardLimits> guard_of(
    const config::ZoneSettings& settings) noexcept;

// "deletions" or "apex-ns".
[[nodiscard]] std::string_view to_text(zone::HoldReason reason) noexcept;

// Why a primary's version with this serial is not taken: it is the one that is held or was
// rejected, or the zone is frozen. nullopt: nothing is against it.
[[nodiscard]] std::optional<Error> obstacle(const zone::ZoneHold* hold, dns::Serial theirs);

}  // namespace twinzone::service
