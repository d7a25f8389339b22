// One primary's part in a history that several share: whether it leads, what it takes over from the
// history, and what it writes there. PostgreSQL holds the order of versions; the store here stays
// what is served. One primary at a time writes, by a lease; it has each version agreed to before
// its store commits it. All others follow, and serve and announce as ever, also while PostgreSQL is
// away.
//
//   following --lease is ours--> catching up --all is here--> leading
//      ^                              |                          |
//      '------lease or connection lost, another token------------'
//
// Sans-I/O: the daemon runs it over libpq and the LMDB store (shared_history.h), the simulator over
// a model of both.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/service/agreement.h"
#include "common/service/shared_event.h"
#include "common/service/shared_follower.h"
#include "common/service/shared_questions.h"
#include "common/shared/lease_keeper.h"

namespace twinzone::service {

struct SharedPartSettings {
    std::string holder;  // ours, and of this run alone: "ns1/4be1…"
    shared::LeaseTimes times;
    shared::Retention retention;
};

// "ns1", of "ns1/4be1…": the part that an operator gave it.
[[nodiscard]] std::string without_run(const std::string& holder);

// One thread only. Borrows store and intakes for its life. After every call, poll_action() and
// poll_event() are to be emptied, and next_timeout() asked for.
class SharedPart {
  public:
    using Answer = std::function<void(Result<std::int64_t> answer)>;

    SharedPart(SharedPartSettings settings, zone::VersionStore& store, IntakeSource& intakes,
               SharedZones zones);
    SharedPart(const SharedPart&) = delete;
    SharedPart& operator=(const SharedPart&) = delete;

    // PostgreSQL is reached, is so no more, or told of a change.
    void handle_ready(Now now);
    void handle_lost(const Error& error);
    void handle_hint();
    // To be called when next_timeout() is there; also after this process was stopped for a while.
    void handle_time(Now now);
    [[nodiscard]] Instant next_timeout() const noexcept;

    [[nodiscard]] std::optional<SharedAction> poll_action() { return questions_.poll_action(); }
    void handle_rows(Now now, SharedAskId id, const Result<shared::Rows>& rows,
                     const std::string& state) {
        questions_.handle_rows(now, id, rows, state);
    }
    void handle_committed(Now now, SharedAskId id, const Result<zone::Committed>& committed) {
        questions_.handle_committed(now, id, committed);
    }
    [[nodiscard]] std::optional<SharedEvent> poll_event();

    // What the store's writer asks before it commits. `answer` is called once, perhaps at once.
    void handle_agreement(Now now, const AgreementRequest& request, Answer answer);

    // A zone came, or a commit of a version failed that may have been agreed to.
    void put(const dns::Name& zone) { follower_.put(zone); }

    // Gives the lease back, so that another primary may lead at once. `then` is called when
    // PostgreSQL has it; false: there is none to give, and `then` is not called. Nothing else is to
    // be asked afterwards.
    [[nodiscard]] bool give_back(std::function<void()> then);

    // True where new versions may be made here: the lease is ours, and nothing of the history is
    // missing here.
    [[nodiscard]] bool leads(Instant now) const noexcept {
        return role_ == SharedRole::leading && keeper_.leads(now);
    }
    [[nodiscard]] SharedRole role() const noexcept { return role_; }
    [[nodiscard]] bool is_ready() const noexcept { return is_ready_; }
    // As PostgreSQL said last.
    [[nodiscard]] const std::string& leader() const noexcept { return leader_; }
    [[nodiscard]] std::int64_t last_sequence() const noexcept { return last_sequence_; }
    // Up to where the history was looked at.
    [[nodiscard]] std::int64_t seen_sequence() const noexcept { return follower_.sequence(); }
    [[nodiscard]] std::size_t zones_behind() const noexcept { return follower_.behind(); }
    // When PostgreSQL answered last; nullopt: never.
    [[nodiscard]] std::optional<Instant> answered() const noexcept { return answered_; }
    // Why PostgreSQL is not reached, or a zone is not in step; empty: nothing is in the way.
    [[nodiscard]] std::string problem() const;

  private:
    void ask_lease(Now now);
    void handle_lease(Now now, const Result<shared::LeaseRow>& row);
    void take(Now now, shared::LeaseChange change);
    void set_role(SharedRole role);
    void begin_leading(Now now);
    void finish_adoptions();
    void begin_adoption(Now now, const dns::Name& zone);
    void append_adopted(const dns::Name& zone, const shared::Entry& entry);
    void end_adoption(Now now, const dns::Name& zone);
    void stage(Now now, const StagePages& request, Answer answer);
    void append(const AppendEntries& request, Answer answer);
    void handle_refusal(Now now, const Error& error, const std::string& state);
    void keep_house(Now now);
    void renew_snapshots(Now now, const Result<std::vector<dns::Name>>& zones);
    void note(SharedNote::What what, std::string detail);
    [[nodiscard]] shared::Holder holder() const { return {settings_.holder, keeper_.token()}; }

    SharedPartSettings settings_;
    zone::VersionStore& store_;
    SharedZones zones_;
    SharedQuestions questions_;
    std::deque<SharedEvent> events_;
    shared::LeaseKeeper keeper_;
    SharedFollower follower_;
    Instant next_house_{};
    SharedRole role_ = SharedRole::following;
    bool is_ready_ = false;
    bool is_parting_ = false;
    std::string leader_;
    std::int64_t last_sequence_ = 0;
    std::size_t adopting_ = 0;  // zones that begin in the history
    std::string problem_;       // why PostgreSQL is not reached; empty: it is
    std::optional<Instant> answered_;
};

}  // namespace twinzone::service
