#include "common/service/transfer_threads.h"

#include <atomic>
#include <memory>
#include <thread>

#include "tests/support/catch.h"
#include "tests/unit/net/loopback.h"

namespace twinzone::service {

using net::Loop;
using net::test::run_to_stop;

TEST_CASE("what is prepared is prepared elsewhere and handed back on the loop", "[service]") {
    constexpr int task_count = 100;
    Loop loop;
    TransferThreads threads{loop, 3};
    const std::thread::id loop_thread = std::this_thread::get_id();
    std::atomic<int> elsewhere = 0;
    int handed_back = 0;
    for (int i = 0; i < task_count; ++i) {
        threads.run([&] { elsewhere += std::this_thread::get_id() != loop_thread ? 1 : 0; },
                    [&] {
                        CHECK(std::this_thread::get_id() == loop_thread);
                        if (++handed_back == task_count) {
                            loop.stop();
                        }
                    });
    }
    CHECK(handed_back == 0);
    run_to_stop(loop);
    CHECK(handed_back == task_count);
    CHECK(elsewhere == task_count);
}

TEST_CASE("one task that takes its time holds up no other", "[service]") {
    Loop loop;
    TransferThreads threads{loop, 2};
    std::atomic<bool> may_end = false;
    int handed_back = 0;
    threads.run([&] { may_end.wait(false); },
                [&] {
                    ++handed_back;
                    loop.stop();
                });
    threads.run([] {},
                [&] {
                    CHECK(handed_back == 0);
                    ++handed_back;
                    may_end = true;
                    may_end.notify_all();
                });
    run_to_stop(loop);
    CHECK(handed_back == 2);
}

TEST_CASE("threads that end hand nothing back and keep nothing", "[service]") {
    Loop loop;
    const auto kept = std::make_shared<int>(1);
    bool is_handed_back = false;
    {
        TransferThreads threads{loop, 1};
        for (int i = 0; i < 10; ++i) {
            threads.run([kept] {}, [kept, &is_handed_back] { is_handed_back = true; });
        }
    }
    CHECK(kept.use_count() == 1);
    loop.post([&] { loop.stop(); });
    run_to_stop(loop);
    CHECK_FALSE(is_handed_back);
}

}  // namespace twinzone::service
