// A timer that fires once for each time it is armed.
#pragma once

#include <functional>
#include <memory>

#include "common/base/time.h"
#include "common/net/loop.h"

namespace twinzone::net {

// May be armed, cancelled or destroyed at any time, also from within its own callback. The loop
// outlives it.
class Timer {
  public:
    explicit Timer(Loop& loop);

    // Calls `fire` at `at`, never before it and up to a few milliseconds after; at once (but never
    // from within arm()) when `at` is past. Replaces what was armed before.
    void arm(Instant at, std::function<void()> fire);
    void arm_after(Duration delay, std::function<void()> fire);

    // What was armed is dropped uncalled. Nothing happens when nothing was armed.
    void cancel() noexcept;

    [[nodiscard]] bool is_armed() const noexcept;

  private:
    struct Core;
    struct StartClose {
        void operator()(Core* core) const noexcept;
    };
    std::unique_ptr<Core, StartClose> core_;
};

}  // namespace twinzone::net
