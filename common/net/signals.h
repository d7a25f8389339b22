// The process's signals as callbacks on the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "common/net/loop.h"

namespace twinzone::net {

enum class Signal : std::uint8_t {
    terminate,  // SIGTERM
    interrupt,  // SIGINT
    hangup,     // SIGHUP: reload
    user1,      // SIGUSR1: reopen logs
};

// While one lives, the four signals no longer do what they do by default. The loop outlives it.
class Signals {
  public:
    Signals(Loop& loop, std::function<void(Signal)> on_signal);
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;
    ~Signals();

  private:
    struct Core;
    struct StartClose {
        void operator()(Core* core) const noexcept;
    };
    std::unique_ptr<Core, StartClose> core_;
};

}  // namespace twinzone::net
