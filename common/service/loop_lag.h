// How long work kept the event loop from events: the longest time of the last minute.
#pragma once

#include <array>
#include <cstddef>

#include "common/net/loop.h"
#include "common/net/timer.h"

namespace twinzone::service {

// Loop thread only. The loop outlives it. Looks once a second, so it is for daemons that tell.
class LoopLag {
  public:
    explicit LoopLag(net::Loop& loop);

    [[nodiscard]] Duration longest();

  private:
    void take_sample();

    static constexpr std::size_t kSamples = 60;

    net::Loop& loop_;
    net::Timer timer_;
    std::array<Duration, kSamples> samples_{};
    std::size_t next_ = 0;
};

}  // namespace twinzone::service
