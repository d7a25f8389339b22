#include "common/net/descriptor_watch.h"

#include <utility>

#include "common/base/assert.h"
#include "common/net/uv_parts.h"

namespace twinzone::net {

struct DescriptorWatch::Core {
    uv_poll_t handle{};
    std::function<void()> on_readable;

    void watch(int events) {
        const int started = uv_poll_start(&handle, events, [](uv_poll_t* poll, int, int) noexcept {
            // A copy: the call may destroy the watch.
            const std::function<void()> call = static_cast<Core*>(poll->data)->on_readable;
            call();
        });
        TWINZONE_ASSERT(started == 0);
    }
};

Result<std::unique_ptr<DescriptorWatch>> DescriptorWatch::start(Loop& loop, int descriptor,
                                                                std::function<void()> on_readable) {
    auto core = std::make_unique<Core>();
    const int status = uv_poll_init(loop.native(), &core->handle, descriptor);
    if (status != 0) {
        return fail(Errc::network, uv_error(status, "poll").detail());
    }
    core->handle.data = core.get();
    core->on_readable = std::move(on_readable);
    core->watch(UV_READABLE);
    return std::unique_ptr<DescriptorWatch>{
        new DescriptorWatch{std::unique_ptr<Core, StartClose>{core.release()}}};
}

DescriptorWatch::DescriptorWatch(std::unique_ptr<Core, StartClose> core) noexcept
    : core_(std::move(core)) {}

void DescriptorWatch::set_wants_room(bool wants_room) {
    core_->watch(wants_room ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

void DescriptorWatch::StartClose::operator()(Core* core) const noexcept {
    uv_close(reinterpret_cast<uv_handle_t*>(&core->handle),
             [](uv_handle_t* handle) noexcept { delete static_cast<Core*>(handle->data); });
}

}  // namespace twinzone::net
