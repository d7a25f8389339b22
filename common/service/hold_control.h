// The verbs that decide what keeps a zone's next version back: approve and reject a held version,
// freeze and thaw the zone.
#pragma once

#include <string_view>

#include "common/control/server.h"
#include "common/dns/name.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

class Daemon;

// Loop thread only. Borrows the daemon for its life.
class HoldControl {
  public:
    // Gives the daemon's control server its handlers.
    explicit HoldControl(Daemon& daemon);

  private:
    struct Order;

    void approve(const Order& order);
    void reject(const Order& order);
    void freeze(const Order& order);
    void thaw(const Order& order);
    void set_frozen(const Order& order, bool frozen);
    [[nodiscard]] bool decide_members(const Order& order, bool approve);
    void drop(const Order& order, dns::Serial serial, bool reject);
    void on(std::string_view verb, void (HoldControl::*handler)(const Order&));

    Daemon& daemon_;
};

}  // namespace twinzone::service
