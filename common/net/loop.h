// The event loop of one thread: it owns libuv's loop, and every other class of this folder lives on
// one. Callbacks run on the thread that calls run(), one after the other, unless said otherwise.
#pragma once

#include <functional>
#include <memory>

#include "common/base/time.h"

struct uv_loop_s;

namespace twinzone::net {

class Loop {
  public:
    // Also makes the process ignore SIGPIPE: a write to a closed connection is an ordinary error.
    Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    // Requires: run() has returned and every object on this loop is destroyed. Waits for work on
    // the pool; an `after` or a posted function that has not run by then is dropped unrun.
    ~Loop();

    // Returns after stop(); may be called again.
    void run();

    // Makes run() return when the callback that calls this has returned. Loop thread only; other
    // threads post it.
    void stop() noexcept;

    // Both clocks, read at the call. Any thread.
    [[nodiscard]] Now now() const noexcept;

    // Runs `task` on the loop thread, soon, in the order of posting; never from within post(). Any
    // thread.
    void post(std::function<void()> task);

    // Runs `on_pool` on a thread of libuv's pool, then `after` on the loop thread. The pool is
    // small and shared with file system calls: no waiting in it. Loop thread only.
    void work(std::function<void()> on_pool, std::function<void()> after);

    // The longest time that callbacks kept the loop from waiting for events since the last call of
    // this function.
    [[nodiscard]] Duration take_longest_turn() noexcept;

    // For the other classes of this folder.
    [[nodiscard]] uv_loop_s* native() noexcept;

  private:
    struct Core;
    struct Work;
    std::unique_ptr<Core> core_;
};

}  // namespace twinzone::net
