// One round over all zones with the store in our hands: each is checked with its primaries,
// transferred, committed and handed on, then it is over.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/config/config.h"
#include "common/net/timer.h"
#include "common/service/catalogs.h"
#include "common/service/daemon.h"
#include "secondary/hand_over_runner.h"
#include "secondary/sync_outcome.h"

namespace twinzone::secondary {

// Owns the thread it is used on. run() once.
class SyncRun {
  public:
    // Errors as Daemon::open(); Errc::store_locked where a daemon or another sync is at work.
    [[nodiscard]] static Result<std::unique_ptr<SyncRun>> open(config::Config config);

    // Ends when every zone is done, when nothing has moved for long, after `timeout`, or by a
    // signal.
    [[nodiscard]] SyncOutcome run(std::optional<seconds> timeout);

  private:
    struct Zone {
        ZoneOutcome outcome;
        bool is_pending = true;  // its round is not over
    };

    SyncRun();
    void begin(const config::Zone& zone);
    void begin_member(const config::Zone& zone);
    void forget_member(const dns::Name& zone);
    void handle_event(const service::FollowerEvent& event);
    void handle_published(const dns::Name& zone, const zone::Version& version);
    void handle_round(const dns::Name& zone, const service::RoundEnded& round);
    void stop_when_done();
    void watch_patience();
    void stop_because(std::string why);
    [[nodiscard]] SyncOutcome take_outcome();
    [[nodiscard]] bool is_handing_over(control::ZoneStatus status, const dns::Name& zone) const;
    void tell(const dns::Name& zone, const std::string& what) const;

    bool on_terminal_;
    std::unique_ptr<service::Daemon> daemon_;
    std::unique_ptr<HandOverRunner> output_;
    std::unique_ptr<service::Catalogs> catalogs_;
    std::unique_ptr<net::Timer> patience_;
    std::unique_ptr<net::Timer> timeout_;
    std::unordered_map<dns::Name, Zone, dns::NameHash> zones_;
    Instant began_;
    std::size_t pending_ = 0;     // zones whose round is not over
    std::string why_unfinished_;  // said of those that are left when the loop has stopped
};

}  // namespace twinzone::secondary
