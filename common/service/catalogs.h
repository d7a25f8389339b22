// Consumes catalog zones (RFC 9432): zones appear, change and go as the catalogs in service list
// them. Decisions are zone::MembershipBook's; here catalogs are read from the store, and what
// follows is done to the daemon in small steps, then kept in STORE/members.
//
//   catalog published --read on the pool--> book --events--> tasks --a few each turn--> zones put
//   and removed, content dropped --all done--> members saved
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/config/config.h"
#include "common/control/status.h"
#include "common/net/timer.h"
#include "common/service/member_settings.h"
#include "common/zone/membership.h"

namespace twinzone::service {

class Daemon;

// Loop thread only. Borrows the daemon for its life, which knows it from then on; the loop has
// stopped before it is destroyed.
class Catalogs final : private zone::ConfiguredZones {
  public:
    // The program's own part of a zone that is new or has changed (the daemon has its part
    // already), or that is to go (the daemon still has its part).
    struct Program {
        std::function<void(const config::Zone& zone)> put;
        std::function<void(const dns::Name& zone)> remove;
        std::function<void()> on_idle{};  // nothing is under way any more. May be empty
    };

    Catalogs(Daemon& daemon, Program program);
    ~Catalogs() override;
    Catalogs(const Catalogs&) = delete;
    Catalogs& operator=(const Catalogs&) = delete;

    // Serves all members as they were left and as the catalogs in the store list them. Call once,
    // when the configured zones are there.
    void start();

    // Appends the members to the zones that a new configuration names itself. The caller then has
    // the daemon serve these and no others.
    void append_members(std::vector<config::Zone>& zones);

    void handle_published(const dns::Name& zone);

    // The zone came by configuration while it was a member: it is none any more, and stays served.
    // False where it was none.
    bool give_up(const dns::Name& zone);

    [[nodiscard]] bool is_member(const dns::Name& zone) const {
        return book_.find(zone) != nullptr;
    }

    // A member that no catalog lists any more, within its grace.
    [[nodiscard]] bool is_leaving(const dns::Name& zone) const {
        const zone::Membership* membership = book_.find(zone);
        return membership != nullptr && membership->leaves != UnixTime{};
    }

    // What catalogs have to do with a zone.
    void describe(control::ZoneStatus& status, const dns::Name& zone) const;

    // An operator's word on the version of a catalog whose members are held. What was done, in
    // words; nullopt: none is held.
    std::optional<std::string> approve(const dns::Name& zone);
    std::optional<std::string> reject(const dns::Name& zone);

    // True while something that was read is still being done or saved.
    [[nodiscard]] bool is_busy() const noexcept;

  private:
    struct Reading;
    struct Task {
        dns::Name zone;
        zone::MemberChange change{};
    };

    [[nodiscard]] bool is_configured(const dns::Name& zone) const override;
    void restore();
    void read(const dns::Name& catalog);
    void take(const Reading& reading);
    void tell(const Reading& reading, std::size_t place,
              const zone::MembershipBook::Outcome& outcome);
    void enqueue(const std::vector<zone::MemberEvent>& events);
    void work();
    void run(const Task& task);
    void put(const dns::Name& zone);
    void take_away(const dns::Name& zone);
    void drop(const dns::Name& zone);
    void save();
    void arm_grace();
    [[nodiscard]] std::optional<config::Zone> settings_of(const zone::Membership& membership);
    void describe_member(control::ZoneStatus& status, const zone::Membership& membership) const;
    void describe_catalog(control::ZoneStatus& status, std::size_t catalog) const;

    Daemon& daemon_;
    Program program_;
    zone::MembershipBook book_;
    std::vector<config::Catalog> consumed_;                       // by their place in the book
    std::unordered_set<dns::Name, dns::NameHash> served_;         // by our doing
    std::unordered_set<dns::Name, dns::NameHash> dropping_;       // from the store
    std::unordered_map<dns::Name, bool, dns::NameHash> reading_;  // true: again
    MemberSettings settings_;
    std::deque<Task> tasks_;
    bool is_working_ = false;
    bool is_dirty_ = false;  // members are others than those saved
    bool is_saving_ = false;
    net::Timer grace_timer_;
    net::Timer retry_timer_;
};

}  // namespace twinzone::service
