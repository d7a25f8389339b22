// Several primaries with one history: this one's part in it. PostgreSQL holds the order of
// versions; the store here stays what is served. One primary at a time writes, by a lease; it has
// each version agreed to before its store commits it. All others follow, and serve and announce as
// ever, also while PostgreSQL is away.
//
//   following --lease is ours--> catching up --all is here--> leading
//      ^                              |                          |
//      '------lease or connection lost, another token------------'
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/config/config.h"
#include "common/control/status.h"
#include "common/net/timer.h"
#include "common/service/agreement_desk.h"
#include "common/service/shared_follower.h"
#include "common/shared/lease_keeper.h"
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

    // True where new versions may be made here: the lease is ours, and nothing of the history is
    // missing here.
    [[nodiscard]] bool leads() const;

    // A zone came, or a commit of a version failed that may have been agreed to.
    void put(const dns::Name& zone) { follower_.put(zone); }

    [[nodiscard]] control::SharedStatus status() const;

  private:
    enum class Role : std::uint8_t { following, catching_up, leading };

    void handle_ready();
    void handle_lost(const Error& error);
    void tick();
    void ask_lease();
    void handle_lease(const Result<shared::LeaseRow>& row);
    void take(shared::LeaseChange change);
    void set_role(Role role);
    void begin_leading();
    void finish_adoptions();
    void begin_adoption(const dns::Name& zone);
    void end_adoption(const dns::Name& zone);
    void stage(std::optional<std::int64_t> blob, std::int64_t first,
               const std::vector<Bytes>& pages, const AgreementDesk::Answer& answer);
    void append(std::int64_t blob, const std::vector<shared::Entry>& entries,
                const AgreementDesk::Answer& answer);
    void handle_refusal(const Error& error, const std::string& state);
    void keep_house();
    void renew_snapshots(const Result<std::vector<dns::Name>>& zones);
    [[nodiscard]] shared::Holder holder() const { return {name_, keeper_.token()}; }

    Daemon& daemon_;
    config::Shared settings_;
    std::shared_ptr<AgreementDesk> desk_;
    std::function<void()> on_role_;
    std::string name_;  // ours, and of this run alone
    shared::LeaseTimes times_;
    shared::LeaseKeeper keeper_;
    shared::Link link_;
    SharedFollower follower_;
    net::Timer timer_;
    net::Timer house_timer_;
    Role role_ = Role::following;
    std::string leader_;  // as PostgreSQL said last
    std::int64_t last_sequence_ = 0;
    std::size_t adopting_ = 0;         // zones that begin in the history
    std::string problem_;              // why PostgreSQL is not reached; empty: it is
    std::optional<Instant> answered_;  // when PostgreSQL answered last
};

}  // namespace twinzone::service
