// Runs a Follower and an Announcer on the loop: their questions over sockets, their times over
// timers.
#pragma once

#include <algorithm>
#include <functional>

#include "common/net/loop.h"
#include "common/net/timer.h"
#include "common/service/announcer.h"
#include "common/service/asker.h"
#include "common/service/follower.h"

namespace twinzone::service {

// Loop thread only. Borrows loop and core for its life.
class FollowerRunner {
  public:
    FollowerRunner(net::Loop& loop, Follower& follower,
                   std::function<void(const FollowerEvent&)> on_event);

    // Call after anything was told to the follower from elsewhere (a NOTIFY, a wish, commits).
    void kick();

    // Connections at a time to one primary.
    void set_per_remote(std::uint32_t connections) noexcept {
        asker_.set_per_server(std::max(connections, kConnectionsToCompare + 1) -
                              kConnectionsToCompare);
    }

    // Asker::use_tls().
    void use_tls(std::shared_ptr<const TlsContexts> tls) { asker_.use_tls(std::move(tls)); }

  private:
    net::Loop& loop_;
    Follower& follower_;
    std::function<void(const FollowerEvent&)> on_event_;
    Asker asker_;
    net::Timer timer_;
};

class AnnouncerRunner {
  public:
    AnnouncerRunner(net::Loop& loop, Announcer& announcer,
                    std::function<void(const Announced&)> on_event);

    // Call after a version was published.
    void kick();

    // Asker::use_tls().
    void use_tls(std::shared_ptr<const TlsContexts> tls) { asker_.use_tls(std::move(tls)); }

  private:
    net::Loop& loop_;
    Announcer& announcer_;
    std::function<void(const Announced&)> on_event_;
    Asker asker_;
    net::Timer timer_;
};

}  // namespace twinzone::service
