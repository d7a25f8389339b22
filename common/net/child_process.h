// One run of another program: its words, its whole environment, a time limit, and what it printed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/net/loop.h"

namespace twinzone::net {

struct ChildCommand {
    // The program and its operands, handed over as they are: no shell reads them. A program named
    // without `/` is looked for in the PATH of `environment`. Requires: not empty.
    std::vector<std::string> argv;
    // "NAME=value", all of it: nothing is inherited. It must hold no secret, as any process of the
    // same user can read it.
    std::vector<std::string> environment;
    // When it is over, the program and what it started are killed.
    Duration time_limit{};
    // What the program prints beyond that is read and dropped.
    std::size_t output_limit = std::size_t{64} << 10;
};

// How it ended. Plain value.
struct ChildEnd {
    enum class How : std::uint8_t { exited, killed, timed_out };

    How how = How::exited;
    int exit_code = 0;  // when `exited`
    int signal = 0;     // when `killed` by somebody else
    std::string
        output;  // standard output and error in the order of printing; the bytes as they are
    bool output_is_cut = false;

    [[nodiscard]] bool is_success() const noexcept { return how == How::exited && exit_code == 0; }
};

// "exit code 1", "killed by signal 11", "no end in time".
[[nodiscard]] std::string to_text(const ChildEnd& end);

// The program runs in our folder, in a session and process group of its own, reads an empty
// standard input and has no other descriptor of ours that is marked close-on-exec. What it leaves
// running in the background within its time is let be. The loop outlives it. May be destroyed
// within its callback.
class ChildProcess {
  public:
    using OnEnd = std::function<void(const ChildEnd&)>;

    // `on_end` is called once, from the loop. Errc::not_found when there is no such program or it
    // may not be run, Errc::network when this host cannot run more of them.
    [[nodiscard]] static Result<std::unique_ptr<ChildProcess>> start(Loop& loop,
                                                                     const ChildCommand& command,
                                                                     OnEnd on_end);

    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    // Kills what still runs, and waits for the moment that this takes; `on_end` is not called.
    ~ChildProcess();

  private:
    struct Core;
    struct StartClose {
        void operator()(Core* core) const noexcept;
    };
    using Owned = std::unique_ptr<Core, StartClose>;
    explicit ChildProcess(Owned core) noexcept;

    Owned core_;
};

}  // namespace twinzone::net
