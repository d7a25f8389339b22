// Which zone is checked or transferred next, from which of its primaries. Lanes order what is
// ready; places (jobs at a time), token buckets (SOA queries a second) and the health of remotes
// bound it. DESIGN §3.6.
//
//               due                       place, token, health
//   waiting ------------> ready at a remote ------------> running
//      ^ arm()  request() --^  ^-- next primary, or transfer --'  '-- round over --> waiting
//
// A zone is always in exactly one of the three, so none can be without a timer: when a round is
// over, the zone waits for kFallbackDue until the caller arms it properly.
//
// A job is one zone at one primary. A round is a job and what follows from it: the transfer after a
// check, the next primary after a failure or where this one had nothing newer (another may lag
// less); every live primary once, then a dead one whose probe is due (then wait). Checks and
// transfers have places of their own, so that transfers of hours leave checks alone; and in each,
// urgent lanes keep a share that routine work cannot take.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "common/base/time.h"
#include "common/transfer/due_queue.h"
#include "common/transfer/lane.h"
#include "common/transfer/remote_health.h"
#include "common/transfer/token_bucket.h"

namespace twinzone::transfer {

enum class Work : std::uint8_t { check, transfer };

struct SchedulerLimits {
    std::uint32_t checks = 1024;  // at a time, in all
    std::uint32_t checks_per_remote = 256;
    std::uint32_t transfers = 64;
    std::uint32_t transfers_per_remote = 8;
    std::uint32_t soa_per_second = 1000;  // to one remote; 0: no limit
};

inline constexpr seconds kFallbackDue{60};
inline constexpr std::size_t kMaxPrimaries = 16;      // of a zone
inline constexpr std::uint32_t kReservedShare = 4;    // 1/4 of all places is for urgent lanes
inline constexpr std::uint32_t kMaxPlaceless = 1024;  // transfers that are being committed
inline constexpr std::size_t kMaxDuePerPoll = 256;    // zones moved in one call

struct Job {
    std::uint32_t zone = 0;
    std::uint32_t remote = 0;
    Work work{};
    Lane lane{};
};

enum class JobOutcome : std::uint8_t {
    success,         // the round is over: committed, or current beyond doubt
    current,         // the remote has what we have: next primary, which may have something newer
    needs_transfer,  // of a check: goes on as a transfer from the same remote
    needs_no_check,  // of a check that was not made: the same, and says nothing about the remote
    failed,          // the remote answered, but nothing of use: next primary
    unreachable,     // no answer: next primary, and the remote's health suffers
    abandoned,       // our own doing (disk full, shutdown …): the round is over, nobody's fault
};

enum class Round : std::uint8_t {
    goes_on,  // the zone is ready again
    over,     // arm() it
};

// Zones and remotes by the caller's dense indexes. Not thread-safe.
class Scheduler {
  public:
    explicit Scheduler(const SchedulerLimits& limits);  // none of the places is 0

    // Other limits from now on; what runs goes on, even where that is more than they allow.
    void set_limits(const SchedulerLimits& limits);

    // Adds a zone or changes its primaries (1 to kMaxPrimaries, in order of preference). A new zone
    // waits for kFallbackDue: arm() it.
    void set_zone(Instant now, std::uint32_t zone, std::span<const std::uint32_t> primaries);

    // Forgets the zone. Requires: not running (end its job first: finished(abandoned)).
    void remove_zone(std::uint32_t zone);

    // The one timer of a waiting zone: a round of checks begins at `due`. No effect where the zone
    // is ready or running (it will be armed after that).
    void arm(std::uint32_t zone, Instant due, Lane lane);

    // Begins a round now (an operator's wish, a NOTIFY). `first`: the remote to ask first (the
    // sender), where it is a primary of the zone. A ready zone moves to the lane if that is more
    // urgent; a running one gets another round when this is over, so that nothing is missed.
    // Work::transfer: without a check.
    void request(Instant now, std::uint32_t zone, Lane lane,
                 std::optional<std::uint32_t> first = std::nullopt, Work work = Work::check);

    // The next job to start now; call until nullopt, at next_timeout() and after every other call.
    // Every job ends with finished().
    [[nodiscard]] std::optional<Job> poll(Instant now);
    [[nodiscard]] Round finished(Instant now, std::uint32_t zone, JobOutcome outcome);

    // What a running transfer asked for is here and only has to be committed: another may begin in
    // its place. Bounded by kMaxPlaceless.
    void leave_place(std::uint32_t zone);

    // When poll() may have something new without any other call before. Asked after poll() gave
    // nullopt; a moment that has passed means that more is due than one call takes in.
    [[nodiscard]] std::optional<Instant> next_timeout() const noexcept;

    [[nodiscard]] const RemoteHealth& health(std::uint32_t remote) const {
        return remotes_.at(remote).health;
    }
    [[nodiscard]] bool is_running(std::uint32_t zone) const noexcept;
    [[nodiscard]] bool is_waiting(std::uint32_t zone) const noexcept;
    [[nodiscard]] std::size_t ready() const noexcept { return ready_; }

    // Nothing runs, and whatever is ready waits for a dead remote. O(remotes).
    [[nodiscard]] bool waits_for_dead_alone() const noexcept;

    // Each zone is in exactly one of waiting, ready and running, and all counts agree. O(zones);
    // for tests and the simulator.
    [[nodiscard]] bool invariants_hold() const;

  private:
    enum class State : std::uint8_t { absent, waiting, ready, running };
    static constexpr std::uint32_t kNone = 0xffffffffU;
    static constexpr std::size_t kWorks = 2;

    struct Zone {
        std::uint32_t previous = kNone;  // in its ready list
        std::uint32_t next = kNone;
        std::uint32_t primaries = 0;  // index in primaries_
        std::uint32_t remote = 0;     // where it is ready or running
        std::uint16_t tried = 0;      // primaries asked in this round, one bit each
        std::uint8_t first = 0;       // the primary the next round begins with
        State state = State::absent;
        Work work = Work::check;
        Work round_work = Work::check;  // what a round does at each primary at first
        Lane lane = Lane::refresh;
        bool has_place = true;  // the running job takes one
        bool probe = false;     // the running job is its remote's probe
        bool again = false;     // another round after this one
        Lane again_lane = Lane::refresh;
        Work again_work = Work::check;
    };
    struct List {
        std::uint32_t head = kNone;
        std::uint32_t tail = kNone;
    };
    struct Remote {
        std::array<std::array<List, kLanes>, kWorks> lists;
        std::array<std::array<bool, kLanes>, kWorks> in_turn{};  // stands in turns_
        std::array<std::uint32_t, kWorks> running{};
        TokenBucket soa_bucket;
        RemoteHealth health;
        std::uint32_t drained = 0;  // revivals_ when its waiting zones last looked elsewhere
    };

    [[nodiscard]] TokenBucket soa_bucket() const;
    void add_remote(std::uint32_t index);
    std::uint16_t bit_of(const Zone& zone) const;
    void begin_round(Instant now, std::uint32_t index, Lane lane, Work work);
    bool choose_first(Instant now, Zone& zone) const;
    bool choose_next_alive(Zone& zone) const;
    bool choose_probe(Instant now, Zone& zone) const;
    [[nodiscard]] static bool awaited(const Remote& remote);  // by a ready zone
    void make_ready(std::uint32_t index);
    void unlink(std::uint32_t index);
    void wait(std::uint32_t index, Instant due, Lane lane);
    void move_due(Instant now);
    void offer_turn(std::uint32_t remote, std::size_t work, std::size_t lane);
    void offer_turns(std::uint32_t remote);
    std::optional<Job> poll_lane(Instant now, Work work, Lane lane);
    bool may_start(Instant now, std::uint32_t remote, Work work, Lane lane);
    void leave_dead(Instant now, std::uint32_t remote);
    Job start(std::uint32_t index);
    void note_answer(const Zone& zone);
    void settle_health(Instant now, const Zone& zone, JobOutcome outcome);
    Round end_round(Instant now, std::uint32_t index);
    bool list_holds(std::uint32_t remote, std::size_t work, std::size_t lane,
                    std::size_t& seen) const;

    SchedulerLimits limits_;
    std::vector<Zone> zones_;
    std::vector<Remote> remotes_;
    std::vector<std::vector<std::uint32_t>> primaries_;  // distinct lists
    std::map<std::vector<std::uint32_t>, std::uint32_t> primaries_index_;
    DueQueue due_;      // waiting zones
    DueQueue blocked_;  // remotes that wait for a token or their probe's time
    std::array<std::array<std::deque<std::uint32_t>, kLanes>, kWorks> turns_;  // remotes, in turn
    std::array<std::uint32_t, kWorks> running_{};
    std::uint32_t placeless_ = 0;
    std::size_t ready_ = 0;
    std::uint32_t revivals_ = 1;  // dead remotes that answered again: a reason to look elsewhere
};

}  // namespace twinzone::transfer
