// Why a zone is asked about: the lanes of the Scheduler, most urgent first.
#pragma once

#include <cstddef>
#include <cstdint>

namespace twinzone::transfer {

enum class Lane : std::uint8_t {
    by_operator,  // somebody waits at the terminal
    notify,       // the primary says there is a newer version
    first_load,   // we have no version yet
    retry,        // the last check failed
    refresh,      // routine
};
inline constexpr std::size_t kLanes = 5;

// Lanes that may use the last free places: routine work leaves some of them for these.
[[nodiscard]] constexpr bool is_urgent(Lane lane) noexcept {
    return lane <= Lane::notify;
}

}  // namespace twinzone::transfer
