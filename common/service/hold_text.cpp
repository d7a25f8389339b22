#include "common/service/hold_text.h"

#include <fmt/format.h>

namespace twinzone::service {

std::string held_text(const zone::HeldVersion& held, std::uint64_t records) {
    const std::uint32_t serial = held.version.serial().value();
    if (held.reason == zone::HoldReason::apex_ns) {
        return fmt::format("serial {} is held: it has no NS record at the apex", serial);
    }
    return records == 0
               ? fmt::format("serial {} is held: it takes away {} records", serial, held.lost)
               : fmt::format("serial {} is held: it takes away {} of {} records", serial, held.lost,
                             records);
}

std::string rejected_text(const zone::RejectedVersion& rejected) {
    return fmt::format("serial {} was rejected; a newer one is waited for",
                       rejected.version.serial().value());
}

std::optional<zone::GuardLimits> guard_of(const config::ZoneSettings& settings) noexcept {
    if (!settings.guard) {
        return std::nullopt;
    }
    return zone::GuardLimits{.max_delete_percent = settings.guard->max_delete_percent,
                             .min_records = settings.guard->min_records};
}

std::string_view to_text(zone::HoldReason reason) noexcept {
    switch (reason) {
        case zone::HoldReason::deletions: return "deletions";
        case zone::HoldReason::apex_ns: return "apex-ns";
    }
    TWINZONE_UNREACHABLE();
}

std::optional<Error> obstacle(const zone::ZoneHold* hold, dns::Serial theirs) {
    if (hold == nullptr) {
        return std::nullopt;
    }
    if (hold->frozen_since) {
        return Error{Errc::zone_frozen,
                     fmt::format("serial {} of the primary waits", theirs.value())};
    }
    if (hold->held && hold->held->version.serial() == theirs) {
        return Error{Errc::zone_held, held_text(*hold->held, 0)};
    }
    if (hold->rejected && hold->rejected->version.serial() == theirs) {
        return Error{Errc::zone_policy, rejected_text(*hold->rejected)};
    }
    return std::nullopt;
}

}  // namespace twinzone::service
