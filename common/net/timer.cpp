#include "common/net/timer.h"

#include <chrono>
#include <utility>

#include "common/base/assert.h"
#include "common/net/uv_parts.h"

namespace twinzone::net {

struct Timer::Core {
    uv_timer_t handle{};
    std::function<void()> fire;
};

Timer::Timer(Loop& loop) : core_(new Core) {
    TWINZONE_ASSERT(uv_timer_init(loop.native(), &core_->handle) == 0);
    core_->handle.data = core_.get();
}

void Timer::StartClose::operator()(Core* core) const noexcept {
    uv_close(reinterpret_cast<uv_handle_t*>(&core->handle),
             [](uv_handle_t* handle) noexcept { delete static_cast<Core*>(handle->data); });
}

void Timer::arm(Instant at, std::function<void()> fire) {
    core_->fire = std::move(fire);
    // libuv fires when its cached time, in whole milliseconds of the same clock, reaches start +
    // delay; counting the delay from that cached time and rounding up keeps the timer from firing
    // early.
    const auto due = std::chrono::ceil<milliseconds>(at.since_start()).count();
    const auto cached = static_cast<std::int64_t>(uv_now(core_->handle.loop));
    const auto delay = static_cast<std::uint64_t>(due > cached ? due - cached : 0);
    const int status = uv_timer_start(
        &core_->handle,
        [](uv_timer_t* handle) noexcept {
            // Moved out first: the call may arm this timer again or destroy it.
            const auto due_now = std::exchange(static_cast<Core*>(handle->data)->fire, nullptr);
            due_now();
        },
        delay, 0);
    TWINZONE_ASSERT(status == 0);
}

void Timer::arm_after(Duration delay, std::function<void()> fire) {
    arm(Instant{Duration{static_cast<std::int64_t>(uv_hrtime())}} + delay, std::move(fire));
}

void Timer::cancel() noexcept {
    uv_timer_stop(&core_->handle);
    core_->fire = nullptr;
}

bool Timer::is_armed() const noexcept {
    return uv_is_active(reinterpret_cast<const uv_handle_t*>(&core_->handle)) != 0;
}

}  // namespace twinzone::net
