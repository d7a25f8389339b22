// Brings our store in step with the shared history: what changed there is asked for, and each zone
// is led from the version it has here to the newest, by the differences in between where ours is
// among what is kept, else by the whole content. Every step is found by serial and digest, so that
// it may be begun anew at any time and nothing is remembered of where we were.
//
//   look: heads behind the last sequence seen --zones that are not as here--> asked for a position
//   --differences--> committed --more--> asked again --nothing follows--> in step
//   --ours is not there--> snapshot --> committed --> asked again
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/service/content_intake.h"
#include "common/service/shared_questions.h"
#include "common/shared/history.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// The zones of ours whose history is shared.
struct SharedZones {
    // As it is named here; nullopt: not among them.
    std::function<std::optional<dns::Name>(const dns::Name& zone)> ours;
    std::function<std::vector<dns::Name>()> all;
};

// Sans-I/O: what it asks goes through `questions`. One thread only. Borrows store and intakes, and
// questions and events, for its life.
class SharedFollower {
  public:
    struct Parts {
        zone::VersionStore& store;
        IntakeSource& intakes;
        SharedZones zones;
        SharedQuestions& questions;
        std::deque<SharedEvent>& events;
        // A zone with a version here that the history does not know at all.
        std::function<void(Now now, const dns::Name& zone)> on_unknown;
    };
    explicit SharedFollower(Parts parts) : parts_(std::move(parts)) {}

    // Something may have changed in the history.
    void look();
    // The zone is to be brought in step, whatever was heard of it.
    void put(const dns::Name& zone);
    // The same for all zones that were never met in the history.
    void put_unmet();
    // Calls `then` once what is known by now is done; an earlier wish is forgotten.
    void when_idle(Now now, std::function<void(Now now)> then);
    // There is a connection. What waits for an answer when it is lost is told so by itself.
    void handle_ready() noexcept { is_ready_ = true; }
    void handle_lost() noexcept {
        is_ready_ = false;
        idle_ = nullptr;
    }
    // To be called when next_timeout() is there: what failed is tried again.
    void handle_time(Now now);
    [[nodiscard]] std::optional<Instant> next_timeout() const noexcept { return retry_; }

    // Up to where the history was looked at.
    [[nodiscard]] std::int64_t sequence() const noexcept { return sequence_; }
    // Zones known not to be in step.
    [[nodiscard]] std::size_t behind() const noexcept {
        return tasks_.size() + waiting_.size() + failed_.size();
    }
    // Why zones could not be brought in step; one of them. Empty: nothing is in the way.
    [[nodiscard]] std::string problem() const;

  private:
    struct Task {
        std::optional<shared::Mark> from;  // what was here when it was begun
        bool again = false;                // it changed meanwhile
        bool wants_snapshot = false;       // differences did not fit
    };
    struct Fetch;

    void handle_heads(Now now, const Result<std::vector<shared::Head>>& heads);
    void start();
    void begin(const dns::Name& zone);
    void handle_position(Now now, const dns::Name& zone, const Result<shared::Position>& position);
    void fetch_steps(const dns::Name& zone, const std::vector<shared::Step>& steps);
    void apply_steps(Now now, const dns::Name& zone, const shared::Step& last,
                     std::vector<Bytes> pages);
    void fetch_snapshot(const dns::Name& zone);
    void fetch_pages(Now now, const std::shared_ptr<Fetch>& fetch);
    void take_pages(Now now, const std::shared_ptr<Fetch>& fetch, const Result<shared::Rows>& rows);
    void apply_snapshot(Now now, const std::shared_ptr<Fetch>& fetch);
    void commit(Now now, const dns::Name& zone, zone::Commit commit, Reason reason);
    void handle_committed(Now now, const dns::Name& zone, const Result<zone::Committed>& committed);
    void finish(Now now, const dns::Name& zone);
    void fail_zone(Now now, const dns::Name& zone, const Error& error);
    void check_idle(Now now);
    [[nodiscard]] std::optional<shared::Mark> mark_here(const dns::Name& zone) const;

    Parts parts_;
    std::int64_t sequence_ = 0;
    bool is_ready_ = false;
    bool looking_ = false;
    bool look_again_ = false;   // once the answer is there
    bool look_failed_ = false;  // at retry_
    std::function<void(Now now)> idle_;
    std::deque<dns::Name> waiting_;
    std::unordered_set<dns::Name, dns::NameHash> queued_;  // those of waiting_
    std::unordered_map<dns::Name, Task, dns::NameHash> tasks_;
    std::unordered_map<dns::Name, std::string, dns::NameHash> failed_;  // tried again at retry_
    std::unordered_set<dns::Name, dns::NameHash> met_;  // our zones that the history has
    std::optional<Instant> retry_;
};

}  // namespace twinzone::service
