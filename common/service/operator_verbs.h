// What an operator may order and ask of a running daemon: why, notify, refresh, retransfer, wait.
// Each answers when it knows how it went.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/time.h"
#include "common/config/config.h"
#include "common/control/server.h"
#include "common/dns/name.h"
#include "common/net/timer.h"
#include "common/service/announcer.h"
#include "common/service/follower_event.h"

namespace twinzone::service {

class Daemon;

// How long `notify` waits for answers, and `wait` where it is not told.
inline constexpr seconds kNotifyPatience{10};
inline constexpr seconds kWaitTimeout{60};

// Loop thread only. Borrows the daemon for its life.
class OperatorVerbs {
  public:
    // Answers the verbs from now on.
    explicit OperatorVerbs(Daemon& daemon);
    OperatorVerbs(const OperatorVerbs&) = delete;
    OperatorVerbs& operator=(const OperatorVerbs&) = delete;
    ~OperatorVerbs();

    void handle_event(const FollowerEvent& event);
    void handle_announced(const Announced& announced);

    // What the zone serves, or what is known of its peers, may have changed.
    void handle_change(const dns::Name& zone);

    // The zone is no longer ours: who waits for it is told so.
    void handle_removed(const dns::Name& zone);

  private:
    struct Order;  // a refresh or retransfer
    struct Notice;
    struct Wait;

    void why(const control::Request& request, const control::Reply& reply);
    void refresh(const control::Request& request, const control::Reply& reply, bool whole);
    void notify(const control::Request& request, const control::Reply& reply);
    void wait(const control::Request& request, const control::Reply& reply);
    void finish(const Order& order, const RoundEnded& round);
    void finish(Notice& notice);
    bool try_finish(Wait& wait);
    void give_up(Wait& wait);
    void drop(const Wait& wait);
    [[nodiscard]] std::optional<config::Zone> zone_of(const control::Request& request,
                                                      const control::Reply& reply) const;
    [[nodiscard]] std::optional<dns::Serial> served(const dns::Name& zone) const;

    Daemon& daemon_;
    std::list<Order> orders_;
    std::list<Notice> notices_;
    std::list<Wait> waits_;
    std::unordered_map<dns::Name, std::uint32_t, dns::NameHash> hurried_;  // waits for all peers
};

}  // namespace twinzone::service
