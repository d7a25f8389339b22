#include "common/net/loop.h"

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <mutex>
#include <utility>
#include <vector>

#include "common/base/assert.h"
#include "common/net/uv_parts.h"

namespace twinzone::net {

struct Loop::Core {
    uv_loop_t loop{};
    LoopParts parts;
    uv_async_t wake{};
    // Called once a turn, before the wait for events. Callbacks of sockets run within that wait, so
    // that a turn's work is its whole time without the time that libuv counts as idle.
    uv_prepare_t turn{};
    std::uint64_t turn_began_ns = 0;  // 0: none has begun
    std::uint64_t idle_before_ns = 0;
    std::uint64_t longest_turn_ns = 0;

    std::mutex mutex;                           // guards `posted`
    std::vector<std::function<void()>> posted;  // in order of posting

    std::size_t works_on_pool = 0;
    bool is_ending = false;  // in the destructor: callbacks of the owner are dropped

    static Core& of(const uv_handle_t* handle) noexcept {
        return *static_cast<Core*>(handle->data);
    }

    void run_posted();
    void drop_posted();
    void measure_turn() noexcept;
};

namespace {

template <class Handle>
uv_handle_t* as_handle(Handle& handle) noexcept {
    return reinterpret_cast<uv_handle_t*>(&handle);
}

void ignore_sigpipe() noexcept {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, nullptr);
}

}  // namespace

struct Loop::Work {
    uv_work_t request{};
    Core* core = nullptr;
    std::function<void()> on_pool;
    std::function<void()> after;
};

void Loop::Core::run_posted() {
    std::vector<std::function<void()>> tasks;
    {
        const std::lock_guard lock{mutex};
        tasks.swap(posted);
    }
    for (const std::function<void()>& task : tasks) {
        if (is_ending) {
            break;
        }
        task();
    }
}

// Destroys what is posted, and what that posts when it is destroyed: it may own objects on this
// loop, which must go before it.
void Loop::Core::drop_posted() {
    std::unique_lock lock{mutex};
    while (!posted.empty()) {
        std::vector<std::function<void()>> tasks;
        tasks.swap(posted);
        lock.unlock();
        tasks.clear();
        lock.lock();
    }
}

void Loop::Core::measure_turn() noexcept {
    const std::uint64_t now = uv_hrtime();
    const std::uint64_t idle = uv_metrics_idle_time(&loop);
    if (turn_began_ns != 0) {
        const std::uint64_t whole = now - turn_began_ns;
        const std::uint64_t waited = idle - idle_before_ns;
        longest_turn_ns = std::max(longest_turn_ns, whole > waited ? whole - waited : 0);
    }
    turn_began_ns = now;
    idle_before_ns = idle;
}

Loop::Loop() : core_(std::make_unique<Core>()) {
    ignore_sigpipe();
    Core& core = *core_;
    TWINZONE_ASSERT(uv_loop_init(&core.loop) == 0);
    TWINZONE_ASSERT(uv_loop_configure(&core.loop, UV_METRICS_IDLE_TIME) == 0);
    core.loop.data = &core.parts;
    TWINZONE_ASSERT(uv_async_init(&core.loop, &core.wake, [](uv_async_t* handle) noexcept {
                        Core::of(reinterpret_cast<uv_handle_t*>(handle)).run_posted();
                    }) == 0);
    core.wake.data = &core;
    uv_prepare_init(&core.loop, &core.turn);
    core.turn.data = &core;
    uv_prepare_start(&core.turn, [](uv_prepare_t* handle) noexcept {
        Core::of(reinterpret_cast<uv_handle_t*>(handle)).measure_turn();
    });
}

Loop::~Loop() {
    Core& core = *core_;
    core.is_ending = true;
    while (core.works_on_pool > 0) {
        uv_run(&core.loop, UV_RUN_ONCE);
    }
    core.drop_posted();
    uv_close(as_handle(core.wake), nullptr);
    uv_close(as_handle(core.turn), nullptr);
    uv_walk(
        &core.loop,
        [](uv_handle_t* handle, void*) noexcept {
            // Who still holds it would use a loop that is gone.
            TWINZONE_ASSERT(uv_is_closing(handle) != 0);
        },
        nullptr);
    uv_run(&core.loop, UV_RUN_DEFAULT);
    TWINZONE_ASSERT(uv_loop_close(&core.loop) == 0);
}

void Loop::run() {
    uv_run(&core_->loop, UV_RUN_DEFAULT);
    core_->turn_began_ns = 0;
}

void Loop::stop() noexcept {
    uv_stop(&core_->loop);
}

Now Loop::now() const noexcept {
    timespec real{};
    clock_gettime(CLOCK_REALTIME, &real);
    return Now{.instant = Instant{Duration{static_cast<std::int64_t>(uv_hrtime())}},
               .unix = UnixTime{real.tv_sec}};
}

void Loop::post(std::function<void()> task) {
    {
        const std::lock_guard lock{core_->mutex};
        core_->posted.push_back(std::move(task));
    }
    uv_async_send(&core_->wake);
}

void Loop::work(std::function<void()> on_pool, std::function<void()> after) {
    auto work = std::make_unique<Work>();
    work->on_pool = std::move(on_pool);
    work->after = std::move(after);
    work->core = core_.get();
    work->request.data = work.get();
    const int status = uv_queue_work(
        &core_->loop, &work->request,
        [](uv_work_t* started) noexcept { static_cast<Work*>(started->data)->on_pool(); },
        [](uv_work_t* finished, int) noexcept {
            const std::unique_ptr<Work> done{static_cast<Work*>(finished->data)};
            --done->core->works_on_pool;
            if (!done->core->is_ending) {
                done->after();
            }
        });
    TWINZONE_ASSERT(status == 0);  // fails only without a function
    ++core_->works_on_pool;
    static_cast<void>(work.release());  // libuv has it until the second function above
}

Duration Loop::take_longest_turn() noexcept {
    return Duration{static_cast<std::int64_t>(std::exchange(core_->longest_turn_ns, 0))};
}

uv_loop_s* Loop::native() noexcept {
    return &core_->loop;
}

}  // namespace twinzone::net
