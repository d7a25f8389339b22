// What the loopback tests share: endpoints of this machine, a loop that ends when a condition
// holds, two connected streams "A" and "Z".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/ip_address.h"
#include "common/net/loop.h"
#include "common/net/tcp_listener.h"
#include "common/net/tcp_stream.h"
#include "common/net/timer.h"
#include "tests/support/catch.h"

namespace twinzone::net::test {

// A free port of 127.0.0.1.
inline Endpoint loopback() {
    return Endpoint{IpAddress::v4({127, 0, 0, 1}), 0};
}

inline Bytes bytes_of(std::string_view text) {
    const ByteView view = as_bytes(text);
    return {view.begin(), view.end()};
}

// A byte at a place of an endless pattern, so that order and content can be checked anywhere.
inline std::uint8_t pattern_at(std::size_t at) noexcept {
    return static_cast<std::uint8_t>((at * 31) ^ (at >> 8) ^ (at >> 16));
}

// Runs the loop until something calls loop.stop(); fails the test after 20 minutes: a starved
// machine is no fault of the loop.
inline void run_to_stop(Loop& loop) {
    bool is_late = false;
    Timer deadline{loop};
    deadline.arm_after(minutes{20}, [&] {
        is_late = true;
        loop.stop();
    });
    loop.run();
    REQUIRE_FALSE(is_late);
}

// Runs what is due now: callbacks of a closed handle, what is readable, posted functions.
inline void settle(Loop& loop) {
    // A task posted from a posted task runs one turn of the loop later; close callbacks come at the
    // end of a turn.
    loop.post([&loop] { loop.post([&loop] { loop.post([&loop] { loop.stop(); }); }); });
    run_to_stop(loop);
}

// A connects to Z.
struct Pair {
    std::unique_ptr<TcpListener> listener;
    std::unique_ptr<TcpStream> a;
    std::unique_ptr<TcpStream> z;

    explicit Pair(Loop& loop) {
        int ready = 0;
        const auto one_more = [&] {
            if (++ready == 2) {
                loop.stop();
            }
        };
        auto listening = TcpListener::listen(loop, loopback(), 16,
                                             {.on_accept =
                                                  [&, one_more](std::unique_ptr<TcpStream> stream) {
                                                      z = std::move(stream);
                                                      one_more();
                                                  },
                                              .on_error = {}});
        REQUIRE(listening.has_value());
        listener = std::move(*listening);
        a = TcpStream::connect(loop, listener->local(), {}, [one_more](const Result<void>& result) {
            REQUIRE(result.has_value());
            one_more();
        });
        run_to_stop(loop);
        listener.reset();
    }
};

}  // namespace twinzone::net::test
