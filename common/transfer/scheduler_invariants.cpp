#include "common/transfer/scheduler.h"

namespace twinzone::transfer {

bool Scheduler::invariants_hold() const {
    std::size_t waiting = 0;
    std::size_t running = 0;
    std::size_t ready = 0;
    for (std::uint32_t index = 0; index < zones_.size(); ++index) {
        const Zone& zone = zones_[index];
        waiting += zone.state == State::waiting ? 1U : 0U;
        running += zone.state == State::running ? 1U : 0U;
        if (due_.contains(index) != (zone.state == State::waiting)) {
            return false;
        }
    }
    for (std::uint32_t remote = 0; remote < remotes_.size(); ++remote) {
        for (std::size_t work = 0; work < kWorks; ++work) {
            for (std::size_t lane = 0; lane < kLanes; ++lane) {
                if (!list_holds(remote, work, lane, ready)) {
                    return false;
                }
            }
        }
    }
    const bool all_ready = ready == ready_;
    return all_ready && waiting == due_.size() && running == running_[0] + running_[1] + placeless_;
}

// Every zone in the list belongs there and the list will be looked at: it stands in turn, or
// something is awaited that offers it a turn.
bool Scheduler::list_holds(std::uint32_t remote, std::size_t work, std::size_t lane,
                           std::size_t& seen) const {
    const Remote& of = remotes_[remote];
    const List& list = of.lists[work][lane];
    for (std::uint32_t index = list.head; index != kNone; index = zones_[index].next) {
        const Zone& zone = zones_[index];
        if (zone.state != State::ready || zone.remote != remote ||
            static_cast<std::size_t>(zone.work) != work ||
            static_cast<std::size_t>(zone.lane) != lane) {
            return false;
        }
        ++seen;
    }
    const bool awaited =
        of.in_turn[work][lane] || blocked_.contains(remote) || of.running[0] + of.running[1] > 0;
    return list.head == kNone || awaited;
}

}  // namespace twinzone::transfer
