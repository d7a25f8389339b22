// What the daemon tells the service manager that started it (sd_notify(3)): that it serves, how its
// zones are, that its loop turns, that it reloads or stops. Silent where there is no NOTIFY_SOCKET.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "common/control/status.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "common/service/zone_tally.h"

namespace twinzone::service {

// Loop thread only. The loop outlives it.
class ServiceNotifier {
  public:
    // The status of the zone at this place of some order; nullopt behind the last.
    using ZoneAt = std::function<std::optional<control::ZoneStatus>(std::size_t place)>;

    ServiceNotifier(net::Loop& loop, ZoneAt zone_at);

    // It serves: after its start, and after each reloading(). From the first call on it tells how
    // the zones are when that changes and, where the manager has a watchdog, that the loop turns.
    void ready();
    void reloading();
    void stopping();

  private:
    void tell_alive(Duration interval);
    void count_zones();
    void tell_zones();

    net::Loop& loop_;
    ZoneAt zone_at_;
    net::Timer alive_timer_;
    net::Timer zones_timer_;
    ZoneTally tally_;
    std::size_t place_ = 0;  // next zone to count
    std::string told_;       // the last line about zones
    bool started_ = false;
};

}  // namespace twinzone::service
