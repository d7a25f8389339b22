// Runs the operator's hooks: programs that are told what happened to a zone. A few at a time; what
// happens to a zone meanwhile is told in one run, not in many.
//
// The program's environment, all of it: PATH, TWINZONE_ZONE, TWINZONE_EVENT, TWINZONE_OLD_SERIAL,
// TWINZONE_NEW_SERIAL, TWINZONE_REASON, TWINZONE_ZONE_FILE, TWINZONE_DIFF_FILE. What is not known
// or not made is empty.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/config/config.h"
#include "common/dns/name.h"
#include "common/dns/serial.h"
#include "common/net/child_process.h"
#include "common/net/loop.h"
#include "common/service/event_log.h"
#include "common/service/hook_files.h"
#include "common/store/store.h"

namespace twinzone::service {

inline constexpr std::size_t kMaxHooksAtOnce = 4;
// Zones with their events that wait for a place; what comes beyond is told in the log only.
inline constexpr std::size_t kMaxHooksWaiting = 10'000;
// Of what a failing hook printed, for the log.
inline constexpr std::size_t kMaxHookOutputBytes = 2048;

// What can be wrong with a zone at one time, for `failed`: told once, until it is well again.
enum class Trouble : std::uint8_t { source, hand_over, catalog };

// Loop thread only. The loop has stopped before it is destroyed. Borrows all three for its life.
class HookRunner {
  public:
    // `folder`: private to this object; what an earlier process left there is deleted.
    HookRunner(net::Loop& loop, EventLog& events, store::Store& store, std::string folder);
    ~HookRunner();
    HookRunner(const HookRunner&) = delete;
    HookRunner& operator=(const HookRunner&) = delete;

    // The zone's hooks from now on; none: what waits is dropped.
    void set_zone(const config::Zone& zone);
    void remove_zone(const dns::Name& zone);

    void handle_committed(const dns::Name& zone, dns::Serial serial);
    void handle_held(const dns::Name& zone, dns::Serial serial, const std::string& reason);
    void handle_expired(const dns::Name& zone, const std::string& reason);
    void handle_failed(const dns::Name& zone, Trouble trouble, const std::string& reason);
    void handle_well(const dns::Name& zone, Trouble trouble);

    // Nothing runs and nothing waits.
    [[nodiscard]] bool is_idle() const noexcept { return running_.empty() && queue_.empty(); }
    // Called whenever it gets idle. May be empty.
    void set_on_idle(std::function<void()> on_idle) { on_idle_ = std::move(on_idle); }

  private:
    struct Occasion {
        dns::Name zone;
        config::HookEvent event{};
        std::optional<dns::Serial> old_serial;
        std::optional<dns::Serial> new_serial;
        std::string reason;
    };
    struct Zone {
        std::vector<config::Hook> hooks;
        std::optional<dns::Serial> serial;  // in service, as told last
        std::set<Trouble> troubles;
    };
    // One occasion with its hooks, which run one after the other.
    struct Run {
        Occasion what;
        std::vector<config::Hook> hooks;
        std::size_t next = 0;
        std::unique_ptr<HookFiles> files;
        std::unique_ptr<net::ChildProcess> process;
    };
    using Key = std::pair<std::string, config::HookEvent>;  // the zone in text

    void happen(Occasion what);
    void start_some();
    [[nodiscard]] bool may_start(const Key& key) const;
    void start(const Key& key, Occasion what);
    void make_files(const Key& key, Run& run);
    void run_next(const Key& key);
    void handle_end(const Key& key, const net::ChildEnd& end);
    void finish(const Key& key);
    [[nodiscard]] static std::vector<std::string> environment_of(const Run& run);
    void log(const Run& run, Reason reason, const std::string& how);

    net::Loop& loop_;
    EventLog& events_;
    store::Store& store_;
    std::string folder_;
    std::function<void()> on_idle_;
    std::unordered_map<dns::Name, Zone, dns::NameHash> zones_;
    std::deque<Key> queue_;
    std::map<Key, Occasion> waiting_;  // of queue_
    std::map<Key, std::unique_ptr<Run>> running_;
    bool is_making_ = false;  // files, one set at a time: the pool is for others too
    std::uint64_t last_run_ = 0;
};

}  // namespace twinzone::service
