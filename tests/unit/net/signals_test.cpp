#include "common/net/signals.h"

#include <csignal>
#include <memory>
#include <utility>

#include "tests/unit/net/loopback.h"

namespace twinzone::net {

TEST_CASE("each signal of a daemon becomes a callback", "[net]") {
    const auto [number, expected] = GENERATE(table<int, Signal>({{SIGTERM, Signal::terminate},
                                                                 {SIGINT, Signal::interrupt},
                                                                 {SIGHUP, Signal::hangup},
                                                                 {SIGUSR1, Signal::user1}}));
    Loop loop;
    int calls = 0;
    const Signals signals{loop, [&, wanted = expected](Signal signal) {
                              CHECK(signal == wanted);
                              ++calls;
                              loop.stop();
                          }};
    raise(number);
    test::run_to_stop(loop);
    CHECK(calls == 1);
}

TEST_CASE("signals may be let go in their own callback", "[net]") {
    Loop loop;
    std::unique_ptr<Signals> signals;
    signals = std::make_unique<Signals>(loop, [&](Signal) {
        signals.reset();
        loop.stop();
    });
    raise(SIGHUP);
    test::run_to_stop(loop);
    CHECK(signals == nullptr);
}

TEST_CASE("a loop makes the process ignore SIGPIPE", "[net]") {
    const Loop loop;
    struct sigaction now {};
    REQUIRE(sigaction(SIGPIPE, nullptr, &now) == 0);
    CHECK(now.sa_handler == SIG_IGN);
}

}  // namespace twinzone::net
