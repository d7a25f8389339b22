// Several primaries with one history: what binds this one's part in it (shared_part.h) to the loop,
// to PostgreSQL, to the store's writer and to the daemon.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/config/config.h"
#include "common/control/status.h"
#include "common/net/timer.h"
#include "common/service/agreement_desk.h"
#include "common/service/shared_part.h"
#include "common/service/sorter_intake.h"
#include "common/shared/link.h"

namespace twinzone::service {

class Daemon;

// Loop thread only. Borrows the daemon for its life.
class SharedHistory {
  public:
    // `on_role`: whether we lead has changed.
    SharedHistory(Daemon& daemon, const config::Shared& settings,
                  std::shared_ptr<AgreementDesk> desk, std::function<void()> on_role);
    // Whoever waits for agreement is let go.
    ~SharedHistory();
    SharedHistory(const SharedHistory&) = delete;
    SharedHistory& operator=(const SharedHistory&) = delete;

    void start();
    // Gives the lease back, so that another primary may lead at once; then, or after a moment,
    // calls `then`. Nothing else is to be asked of it afterwards.
    void release(const std::function<void()>& then);

    // SharedPart::leads().
    [[nodiscard]] bool leads() const;

    // SharedPart::put().
    void put(const dns::Name& zone);

    [[nodiscard]] control::SharedStatus status() const;

  private:
    void pump();
    void run(SharedAction action);
    void tell(const SharedEvent& event);
    void tell(SharedRole role);
    void tell(const SharedNote& note);
    void arm();

    Daemon& daemon_;
    std::string name_;
    std::shared_ptr<AgreementDesk> desk_;
    std::function<void()> on_role_;
    SorterIntakeSource intakes_;
    SharedPart part_;
    shared::Link link_;
    net::Timer timer_;
    net::Timer parting_timer_;
};

}  // namespace twinzone::service
