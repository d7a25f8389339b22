// How a daemon's zones are, in one line: "412/412 zones current, worst lag 0 s".
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "common/base/time.h"
#include "common/control/status.h"

namespace twinzone::service {

// Plain value.
class ZoneTally {
  public:
    void add(const control::ZoneStatus& status);

    // The states other than current are named with their numbers, where there are such. The lag is
    // the zone's own behind its primary or that of a peer behind us, whichever is worst.
    [[nodiscard]] std::string to_text() const;

  private:
    static constexpr std::size_t kStates =
        static_cast<std::size_t>(control::ZoneState::loading) + 1;

    std::array<std::size_t, kStates> zones_{};
    seconds worst_lag_{0};
};

}  // namespace twinzone::service
