// The store with a gate before it: content of zones that want it judged (ZONEMD, DNSSEC) is walked
// on the pool, whole and as it will be, before the writer sees it. What does not hold is never
// published, however it came: AXFR, IXFR (over the version in service), a zone file.
//
// A ZONEMD that is to be generated is made here, too.
//
//   submit --nothing to judge------------------------------------> store
//      '--judged on the pool --holds--> store, bound to what was judged
//                            '--does not: Done(Errc::zone_unverified)
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "common/config/config.h"
#include "common/net/loop.h"
#include "common/service/judged.h"
#include "common/store/store.h"

namespace twinzone::service {

// Loop thread only. Borrows loop and store for its life.
class GatedStore final : public zone::VersionStore {
  public:
    using Report = std::function<void(const Judged&)>;

    // `directory`: where content is sorted that is not yet. `report` hears of every judgement
    // before the commit goes on or, where it does not, behind its Done.
    GatedStore(net::Loop& loop, store::Store& store, std::string directory, Report report);
    // Waits for the judgement under way, which it ends. No Done is called any more.
    ~GatedStore() override;
    GatedStore(const GatedStore&) = delete;
    GatedStore& operator=(const GatedStore&) = delete;

    // What is wanted of the zone's next versions.
    void set_zone(const config::Zone& zone);
    void remove_zone(dns::NameView zone);

    // Why an operator should look at the version in service, though it passed; empty: no reason
    // is known.
    [[nodiscard]] std::string warning(dns::NameView zone) const;

    // How long judging one version may take.
    void set_time_limit(Duration limit) noexcept { time_limit_ = limit; }

    [[nodiscard]] const zone::ZoneState* find(dns::NameView zone) const override {
        return store_.find(zone);
    }
    [[nodiscard]] const zone::ZoneHold* hold(dns::NameView zone) const override {
        return store_.hold(zone);
    }
    [[nodiscard]] Result<std::shared_ptr<const zone::Snapshot>> snapshot(
        dns::NameView zone) override {
        return store_.snapshot(zone);
    }
    void submit(zone::Commit commit, Done done) override;
    [[nodiscard]] std::vector<Owed> owed_notifies() const override {
        return store_.owed_notifies();
    }
    void forget_owed(dns::NameView zone, std::string_view remote) override {
        store_.forget_owed(zone, remote);
    }

  private:
    struct Task;
    struct Warning {
        dns::Serial serial{0};
        std::string text;
    };

    void start_tasks();
    void handle_judged(const std::shared_ptr<Task>& task);
    void note_warning(const Judged& judged);

    net::Loop& loop_;
    store::Store& store_;
    std::string directory_;
    Report report_;
    Duration time_limit_ = hours{2};
    std::unordered_map<dns::Name, WantedOfZone, dns::NameHash> wanted_;
    std::unordered_map<dns::Name, Warning, dns::NameHash> warnings_;  // since the start
    std::deque<std::shared_ptr<Task>> waiting_;
    std::deque<std::shared_ptr<Task>> running_;
};

}  // namespace twinzone::service
