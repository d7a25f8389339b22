#include "common/service/loop_lag.h"

#include <algorithm>

namespace twinzone::service {

LoopLag::LoopLag(net::Loop& loop) : loop_(loop), timer_(loop) {
    take_sample();
}

Duration LoopLag::longest() {
    // Of the second that is not over yet.
    Duration& current = samples_[next_];
    current = std::max(current, loop_.take_longest_turn());
    return *std::max_element(samples_.begin(), samples_.end());
}

void LoopLag::take_sample() {
    samples_[next_] = std::max(samples_[next_], loop_.take_longest_turn());
    next_ = (next_ + 1) % kSamples;
    samples_[next_] = Duration{0};
    timer_.arm_after(seconds{1}, [this] { take_sample(); });
}

}  // namespace twinzone::service
