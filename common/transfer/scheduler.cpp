#include "common/transfer/scheduler.h"

#include <algorithm>

#include "common/base/assert.h"

namespace twinzone::transfer {

namespace {

constexpr Work kWorkOrder[] = {Work::transfer, Work::check};  // finish what has begun

constexpr std::size_t at(Work work) noexcept {
    return static_cast<std::size_t>(work);
}
constexpr std::size_t at(Lane lane) noexcept {
    return static_cast<std::size_t>(lane);
}

// Places that jobs of the lane may fill.
constexpr std::uint32_t places(std::uint32_t limit, Lane lane) noexcept {
    return is_urgent(lane) ? limit : limit - limit / kReservedShare;
}

}  // namespace

Scheduler::Scheduler(const SchedulerLimits& limits) : limits_(limits) {
    TWINZONE_ASSERT(limits.checks > 0 && limits.checks_per_remote > 0);
    TWINZONE_ASSERT(limits.transfers > 0 && limits.transfers_per_remote > 0);
}

void Scheduler::set_zone(Instant now, std::uint32_t zone,
                         std::span<const std::uint32_t> primaries) {
    TWINZONE_ASSERT(!primaries.empty() && primaries.size() <= kMaxPrimaries);
    for (const std::uint32_t remote : primaries) {
        add_remote(remote);
    }
    if (zone >= zones_.size()) {
        zones_.resize(std::size_t{zone} + 1);
    }
    // Most zones have the same list, so it is kept once.
    const auto [known, inserted] = primaries_index_.try_emplace(
        {primaries.begin(), primaries.end()}, static_cast<std::uint32_t>(primaries_.size()));
    if (inserted) {
        primaries_.push_back(known->first);
    }
    Zone& changed = zones_[zone];
    if (changed.state != State::absent && changed.primaries == known->second) {
        return;
    }
    changed.primaries = known->second;
    changed.first = 0;
    changed.tried = 0;
    switch (changed.state) {
        case State::absent: wait(zone, now + kFallbackDue, Lane::first_load); break;
        case State::waiting: break;
        case State::ready:
            unlink(zone);
            choose_first(now, changed);
            make_ready(zone);
            break;
        case State::running: changed.tried = bit_of(changed); break;
    }
}

void Scheduler::remove_zone(std::uint32_t zone) {
    if (zone >= zones_.size()) {
        return;
    }
    TWINZONE_ASSERT(zones_[zone].state != State::running);
    if (zones_[zone].state == State::ready) {
        unlink(zone);
    }
    due_.erase(zone);
    zones_[zone] = Zone{};
}

void Scheduler::arm(std::uint32_t zone, Instant due, Lane lane) {
    if (is_waiting(zone)) {
        wait(zone, due, lane);
    }
}

void Scheduler::request(Instant now, std::uint32_t zone, Lane lane,
                        std::optional<std::uint32_t> first, Work work) {
    if (zone >= zones_.size() || zones_[zone].state == State::absent) {
        return;
    }
    Zone& wanted = zones_[zone];
    if (first) {
        const std::vector<std::uint32_t>& list = primaries_[wanted.primaries];
        const auto found = std::find(list.begin(), list.end(), *first);
        wanted.first =
            found == list.end() ? wanted.first : static_cast<std::uint8_t>(found - list.begin());
    }
    if (wanted.state == State::waiting) {
        begin_round(now, zone, lane, work);
        return;
    }
    if (wanted.state == State::running) {
        wanted.again_lane = wanted.again ? std::min(wanted.again_lane, lane) : lane;
        wanted.again_work = wanted.again ? std::max(wanted.again_work, work) : work;
        wanted.again = true;
        return;
    }
    // Ready: it keeps its place in the list unless that makes it more urgent; else a sender that
    // repeats itself would put the zone to the end of the list again and again.
    if (wanted.lane <= lane && wanted.round_work >= work) {
        return;
    }
    unlink(zone);
    const Lane more_urgent = std::min(wanted.lane, lane);
    if (wanted.work == Work::transfer) {
        wanted.lane = more_urgent;
        make_ready(zone);  // its check is done
        return;
    }
    begin_round(now, zone, more_urgent, std::max(wanted.round_work, work));
}

std::optional<Job> Scheduler::poll(Instant now) {
    move_due(now);
    while (const std::optional<std::uint32_t> remote = blocked_.pop_due(now)) {
        offer_turns(*remote);
    }
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        for (const Work work : kWorkOrder) {
            if (const std::optional<Job> job = poll_lane(now, work, static_cast<Lane>(lane))) {
                return job;
            }
        }
    }
    return std::nullopt;
}

Round Scheduler::finished(Instant now, std::uint32_t index, JobOutcome outcome) {
    TWINZONE_ASSERT(is_running(index));
    Zone& zone = zones_[index];
    if (zone.has_place) {
        --running_[at(zone.work)];
        --remotes_[zone.remote].running[at(zone.work)];
    } else {
        --placeless_;
    }
    settle_health(now, zone, outcome);
    offer_turns(zone.remote);
    switch (outcome) {
        case JobOutcome::needs_transfer:
        case JobOutcome::needs_no_check:
            zone.work = Work::transfer;
            make_ready(index);
            return Round::goes_on;
        case JobOutcome::current:
        case JobOutcome::failed:
        case JobOutcome::unreachable:
            if (choose_next_alive(zone) || choose_probe(now, zone)) {
                zone.work = zone.round_work;
                make_ready(index);
                return Round::goes_on;
            }
            return end_round(now, index);
        case JobOutcome::success:
        case JobOutcome::abandoned: return end_round(now, index);
    }
    TWINZONE_UNREACHABLE();
}

void Scheduler::leave_place(std::uint32_t index) {
    TWINZONE_ASSERT(is_running(index));
    Zone& zone = zones_[index];
    note_answer(zone);
    if (!zone.has_place || placeless_ >= kMaxPlaceless) {
        return;
    }
    zone.has_place = false;
    ++placeless_;
    --running_[at(zone.work)];
    --remotes_[zone.remote].running[at(zone.work)];
    offer_turns(zone.remote);
}

std::optional<Instant> Scheduler::next_timeout() const noexcept {
    const std::optional<Instant> due = due_.next();
    const std::optional<Instant> unblocked = blocked_.next();
    if (!due || !unblocked) {
        return due ? due : unblocked;
    }
    return std::min(*due, *unblocked);
}

bool Scheduler::is_running(std::uint32_t zone) const noexcept {
    return zone < zones_.size() && zones_[zone].state == State::running;
}

bool Scheduler::is_waiting(std::uint32_t zone) const noexcept {
    return zone < zones_.size() && zones_[zone].state == State::waiting;
}

bool Scheduler::waits_for_dead_alone() const noexcept {
    const auto holds_up = [](const Remote& remote) {
        const auto has_ready = [](const List& list) { return list.head != kNone; };
        return !remote.health.dead() &&
               std::any_of(remote.lists.begin(), remote.lists.end(), [&](const auto& of_work) {
                   return std::any_of(of_work.begin(), of_work.end(), has_ready);
               });
    };
    return running_[0] + running_[1] + placeless_ == 0 &&
           std::none_of(remotes_.begin(), remotes_.end(), holds_up);
}

void Scheduler::set_limits(const SchedulerLimits& limits) {
    const bool other_rate = limits.soa_per_second != limits_.soa_per_second;
    limits_ = limits;
    for (Remote& remote : remotes_) {
        if (other_rate) {
            remote.soa_bucket = soa_bucket();
        }
    }
    for (std::uint32_t index = 0; index < remotes_.size(); ++index) {
        offer_turns(index);  // there may be more places now
    }
}

// A tenth of a second's worth at once: a burst that a name server takes in its stride.
TokenBucket Scheduler::soa_bucket() const {
    return TokenBucket{limits_.soa_per_second, limits_.soa_per_second / 10};
}

void Scheduler::add_remote(std::uint32_t index) {
    while (remotes_.size() <= index) {
        remotes_.push_back({.lists = {},
                            .in_turn = {},
                            .running = {},
                            .soa_bucket = soa_bucket(),
                            .health = {},
                            .drained = 0});
    }
}

// The bit of the zone's remote among its primaries; 0 where it is none of them any more.
std::uint16_t Scheduler::bit_of(const Zone& zone) const {
    const std::vector<std::uint32_t>& list = primaries_[zone.primaries];
    const auto found = std::find(list.begin(), list.end(), zone.remote);
    return found == list.end() ? std::uint16_t{0}
                               : static_cast<std::uint16_t>(1U << (found - list.begin()));
}

void Scheduler::begin_round(Instant now, std::uint32_t index, Lane lane, Work work) {
    Zone& zone = zones_[index];
    due_.erase(index);
    zone.lane = lane;
    zone.work = work;
    zone.round_work = work;
    zone.tried = 0;
    choose_first(now, zone);
    zone.first = 0;
    make_ready(index);
}

// Where a round begins: the first primary that is alive; else one whose probe is due, so that none
// is forgotten; else the one to be probed next. True where it is alive.
bool Scheduler::choose_first(Instant now, Zone& zone) const {
    const std::vector<std::uint32_t>& list = primaries_[zone.primaries];
    std::optional<std::uint32_t> soonest;
    for (std::size_t step = 0; step < list.size(); ++step) {
        const std::uint32_t candidate = list[(zone.first + step) % list.size()];
        const RemoteHealth& health = remotes_[candidate].health;
        if (!health.dead()) {
            zone.remote = candidate;
            return true;
        }
        const auto probe_at = [&](std::uint32_t remote) {
            return std::max(now, remotes_[remote].health.probe_at());
        };
        const bool free = !health.probing();
        if (!soonest || (free && (remotes_[*soonest].health.probing() ||
                                  probe_at(candidate) < probe_at(*soonest)))) {
            soonest = candidate;
        }
    }
    zone.remote = *soonest;
    return false;
}

// Within a round only live primaries follow: a zone that waited behind a dead one would not get to
// its retry timer.
bool Scheduler::choose_next_alive(Zone& zone) const {
    const std::vector<std::uint32_t>& list = primaries_[zone.primaries];
    for (std::size_t i = 0; i < list.size(); ++i) {
        const bool tried = (zone.tried & (1U << i)) != 0;
        if (!tried && list[i] != zone.remote && !remotes_[list[i]].health.dead()) {
            zone.remote = list[i];
            return true;
        }
    }
    return false;
}

// At the end of a round a dead one whose probe is due, unless a zone waits there already to make
// it: so it is asked again also where another primary always answers.
bool Scheduler::choose_probe(Instant now, Zone& zone) const {
    const std::vector<std::uint32_t>& list = primaries_[zone.primaries];
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Remote& remote = remotes_[list[i]];
        const bool tried = (zone.tried & (1U << i)) != 0;
        if (!tried && remote.health.dead() && remote.health.may_start(now) && !awaited(remote)) {
            zone.remote = list[i];
            return true;
        }
    }
    return false;
}

bool Scheduler::awaited(const Remote& remote) {
    return std::any_of(remote.lists.begin(), remote.lists.end(), [](const auto& lanes) {
        return std::any_of(lanes.begin(), lanes.end(),
                           [](const List& list) { return list.head != kNone; });
    });
}

void Scheduler::make_ready(std::uint32_t index) {
    Zone& zone = zones_[index];
    zone.state = State::ready;
    ++ready_;
    List& list = remotes_[zone.remote].lists[at(zone.work)][at(zone.lane)];
    zone.previous = list.tail;
    zone.next = kNone;
    (list.tail == kNone ? list.head : zones_[list.tail].next) = index;
    list.tail = index;
    offer_turn(zone.remote, at(zone.work), at(zone.lane));
}

void Scheduler::unlink(std::uint32_t index) {
    const Zone& zone = zones_[index];
    List& list = remotes_[zone.remote].lists[at(zone.work)][at(zone.lane)];
    (zone.previous == kNone ? list.head : zones_[zone.previous].next) = zone.next;
    (zone.next == kNone ? list.tail : zones_[zone.next].previous) = zone.previous;
    --ready_;
}

void Scheduler::wait(std::uint32_t index, Instant due, Lane lane) {
    zones_[index].state = State::waiting;
    zones_[index].lane = lane;
    due_.set(index, due);
}

void Scheduler::move_due(Instant now) {
    for (std::size_t moved = 0; moved < kMaxDuePerPoll; ++moved) {
        const std::optional<std::uint32_t> zone = due_.pop_due(now);
        if (!zone) {
            return;
        }
        begin_round(now, *zone, zones_[*zone].lane, Work::check);
    }
}

void Scheduler::offer_turn(std::uint32_t remote, std::size_t work, std::size_t lane) {
    bool& in_turn = remotes_[remote].in_turn[work][lane];
    if (!in_turn && remotes_[remote].lists[work][lane].head != kNone) {
        in_turn = true;
        turns_[work][lane].push_back(remote);
    }
}

void Scheduler::offer_turns(std::uint32_t remote) {
    for (std::size_t work = 0; work < kWorks; ++work) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            offer_turn(remote, work, lane);
        }
    }
}

// Remotes take turns, one job each. One that may not start now leaves the turn; what it waits for
// (a place, its probe's end: finished(); a token, its probe's time: blocked_) offers it again.
std::optional<Job> Scheduler::poll_lane(Instant now, Work work, Lane lane) {
    const std::uint32_t limit = work == Work::check ? limits_.checks : limits_.transfers;
    std::deque<std::uint32_t>& turns = turns_[at(work)][at(lane)];
    while (!turns.empty() && running_[at(work)] < places(limit, lane)) {
        const std::uint32_t remote = turns.front();
        turns.pop_front();
        remotes_[remote].in_turn[at(work)][at(lane)] = false;
        if (remotes_[remote].lists[at(work)][at(lane)].head == kNone ||
            !may_start(now, remote, work, lane)) {
            continue;
        }
        const Job job = start(remotes_[remote].lists[at(work)][at(lane)].head);
        offer_turn(remote, at(work), at(lane));
        return job;
    }
    return std::nullopt;
}

bool Scheduler::may_start(Instant now, std::uint32_t remote, Work work, Lane lane) {
    Remote& from = remotes_[remote];
    if (!from.health.may_start(now)) {
        leave_dead(now, remote);
        if (!from.health.probing()) {
            blocked_.set(remote, from.health.probe_at());
        }
        return false;
    }
    const std::uint32_t limit =
        work == Work::check ? limits_.checks_per_remote : limits_.transfers_per_remote;
    if (from.running[at(work)] >= places(limit, lane)) {
        return false;
    }
    if (work == Work::check && !from.soa_bucket.take(now)) {
        blocked_.set(remote, from.soa_bucket.available_at(now));
        return false;
    }
    return true;
}

// Zones that wait behind a dead remote go to a live primary, if they have one. Looked at once per
// death and once per revival of any remote, so that a dead remote with a million zones costs a walk
// over them only then.
void Scheduler::leave_dead(Instant now, std::uint32_t remote) {
    if (remotes_[remote].drained == revivals_) {
        return;
    }
    remotes_[remote].drained = revivals_;
    for (auto& lists : remotes_[remote].lists) {
        for (List& list : lists) {
            for (std::uint32_t index = list.head; index != kNone;) {
                Zone& zone = zones_[index];
                const std::uint32_t next = zone.next;
                Zone elsewhere = zone;
                if (choose_next_alive(elsewhere)) {
                    unlink(index);
                    zone.remote = elsewhere.remote;
                    zone.work = zone.round_work;
                    make_ready(index);
                } else if (zone.tried != 0) {
                    // The rest of its round is lost; the next one is not far.
                    unlink(index);
                    wait(index, now + kFallbackDue, Lane::retry);
                }
                index = next;
            }
        }
    }
}

Job Scheduler::start(std::uint32_t index) {
    unlink(index);
    Zone& zone = zones_[index];
    zone.state = State::running;
    zone.has_place = true;
    zone.tried = static_cast<std::uint16_t>(zone.tried | bit_of(zone));
    zone.probe = remotes_[zone.remote].health.handle_start();
    ++running_[at(zone.work)];
    ++remotes_[zone.remote].running[at(zone.work)];
    return {index, zone.remote, zone.work, zone.lane};
}

void Scheduler::settle_health(Instant now, const Zone& zone, JobOutcome outcome) {
    Remote& remote = remotes_[zone.remote];
    if (outcome == JobOutcome::abandoned || outcome == JobOutcome::needs_no_check) {
        remote.health.handle_abandoned(zone.probe);
        return;
    }
    if (outcome != JobOutcome::unreachable) {
        note_answer(zone);
        return;
    }
    const bool was_dead = remote.health.dead();
    remote.health.handle_failure(now, zone.probe);
    if (!was_dead && remote.health.dead()) {
        remote.drained = revivals_ - 1;
    }
}

void Scheduler::note_answer(const Zone& zone) {
    RemoteHealth& health = remotes_[zone.remote].health;
    revivals_ += health.dead() ? 1 : 0;
    health.handle_answer();
}

Round Scheduler::end_round(Instant now, std::uint32_t index) {
    Zone& zone = zones_[index];
    wait(index, now + kFallbackDue, Lane::retry);
    if (zone.again) {
        zone.again = false;
        begin_round(now, index, zone.again_lane, zone.again_work);
    }
    return Round::over;
}

}  // namespace twinzone::transfer
