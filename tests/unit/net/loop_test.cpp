#include "common/net/loop.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "common/net/entropy.h"
#include "common/net/timer.h"
#include "tests/unit/net/loopback.h"

namespace twinzone::net {

using test::run_to_stop;

TEST_CASE("functions posted from many threads all run on the loop thread", "[net]") {
    constexpr int thread_count = 4;
    constexpr int posts_each = 5000;
    Loop loop;
    const std::thread::id loop_thread = std::this_thread::get_id();
    int runs = 0;
    bool is_elsewhere = false;
    std::vector<std::thread> threads;
    threads.reserve(thread_count);
    for (int i = 0; i < thread_count; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < posts_each; ++j) {
                loop.post([&] {
                    is_elsewhere = is_elsewhere || std::this_thread::get_id() != loop_thread;
                    if (++runs == thread_count * posts_each) {
                        loop.stop();
                    }
                });
            }
        });
    }
    run_to_stop(loop);
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(runs == thread_count * posts_each);
    CHECK_FALSE(is_elsewhere);
}

TEST_CASE("posted functions run in order, and one posted by another runs later", "[net]") {
    Loop loop;
    std::vector<int> order;
    loop.post([&] {
        order.push_back(1);
        loop.post([&] {
            order.push_back(3);
            loop.stop();
        });
    });
    loop.post([&] { order.push_back(2); });
    CHECK(order.empty());
    run_to_stop(loop);
    CHECK(order == std::vector{1, 2, 3});
}

TEST_CASE("work runs on another thread, and what follows it on the loop's", "[net]") {
    Loop loop;
    std::thread::id worked;
    std::thread::id followed;
    loop.work([&] { worked = std::this_thread::get_id(); },
              [&] {
                  followed = std::this_thread::get_id();
                  loop.stop();
              });
    run_to_stop(loop);
    CHECK(worked != std::this_thread::get_id());
    CHECK(followed == std::this_thread::get_id());
}

TEST_CASE("a loop that ends waits for work and drops what would follow it", "[net]") {
    std::atomic<bool> is_worked = false;
    bool is_followed = false;
    bool is_posted_run = false;
    auto owned = std::make_shared<int>(0);
    {
        Loop loop;
        loop.work([&] { is_worked = true; }, [&, owned] { is_followed = true; });
        loop.post([&, owned] { is_posted_run = true; });
    }
    CHECK(is_worked);
    CHECK_FALSE(is_followed);
    CHECK_FALSE(is_posted_run);
    CHECK(owned.use_count() == 1);
}

TEST_CASE("a stop before run makes run return at once", "[net]") {
    Loop loop;
    bool is_run = false;
    loop.post([&] { is_run = true; });
    loop.stop();
    loop.run();
    CHECK_FALSE(is_run);
}

TEST_CASE("the longest turn of a loop is measured and told once", "[net]") {
    Loop loop;
    Duration spent{0};
    loop.post([&] {
        const Instant begin = loop.now().instant;
        while (loop.now().instant - begin < milliseconds{2}) {
        }
        spent = loop.now().instant - begin;
        loop.post([&] { loop.stop(); });
    });
    run_to_stop(loop);
    const Duration longest = loop.take_longest_turn();
    CHECK(longest >= spent);
    CHECK(loop.take_longest_turn() == Duration{0});
}

TEST_CASE("a timer fires once, in order of due time and never early", "[net]") {
    Loop loop;
    std::vector<int> order;
    Timer later{loop};
    Timer sooner{loop};
    Timer past{loop};
    const Instant start = loop.now().instant;
    const auto fire = [&](int number, Instant due) {
        return [&, number, due] {
            CHECK(loop.now().instant >= due);
            order.push_back(number);
            if (number == 3) {
                loop.stop();
            }
        };
    };
    const Instant late = start + microseconds{5300};
    const Instant soon = start + microseconds{1700};
    later.arm(late, fire(3, late));
    sooner.arm(soon, fire(2, soon));
    past.arm(start - seconds{1}, fire(1, start));
    CHECK(order.empty());
    CHECK(later.is_armed());
    run_to_stop(loop);
    CHECK(order == std::vector{1, 2, 3});
    CHECK_FALSE(later.is_armed());
}

TEST_CASE("timers at any fraction of a millisecond are never early", "[net]") {
    constexpr int timer_count = 100;
    Loop loop;
    std::vector<std::unique_ptr<Timer>> timers;
    int fired = 0;
    int early = 0;
    const Instant start = loop.now().instant;
    for (int i = 0; i < timer_count; ++i) {
        const Instant due = start + microseconds{730} * i;
        timers.push_back(std::make_unique<Timer>(loop));
        timers.back()->arm(due, [&, due] {
            early += loop.now().instant < due ? 1 : 0;
            if (++fired == timer_count) {
                loop.stop();
            }
        });
    }
    run_to_stop(loop);
    CHECK(early == 0);
}

TEST_CASE("a timer may be armed anew, cancelled or destroyed in its own callback", "[net]") {
    Loop loop;
    int fired = 0;
    Timer again{loop};
    auto gone = std::make_unique<Timer>(loop);
    Timer cancelled{loop};
    Timer end{loop};
    again.arm_after(Duration{0}, [&] {
        ++fired;
        again.arm_after(Duration{0}, [&] {
            ++fired;
            again.cancel();
        });
    });
    gone->arm_after(Duration{0}, [&] {
        gone.reset();
        ++fired;
        end.arm_after(milliseconds{2}, [&] { loop.stop(); });
    });
    cancelled.arm_after(Duration{0}, [&] { FAIL("cancelled"); });
    cancelled.cancel();
    run_to_stop(loop);
    CHECK(fired == 3);
}

TEST_CASE("random seeds differ", "[net]") {
    CHECK(random_seed() != random_seed());
}

}  // namespace twinzone::net
