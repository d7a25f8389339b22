#include "common/net/signals.h"

#include <array>
#include <csignal>
#include <cstddef>
#include <utility>

#include "common/base/assert.h"
#include "common/net/uv_parts.h"

namespace twinzone::net {

namespace {

struct Known {
    int number;
    Signal signal;
};
constexpr std::array<Known, 4> kKnown{{
    {SIGTERM, Signal::terminate},
    {SIGINT, Signal::interrupt},
    {SIGHUP, Signal::hangup},
    {SIGUSR1, Signal::user1},
}};

}  // namespace

struct Signals::Core {
    std::array<uv_signal_t, kKnown.size()> handles{};
    std::size_t open_handles = kKnown.size();
    std::function<void(Signal)> on_signal;
};

Signals::Signals(Loop& loop, std::function<void(Signal)> on_signal) : core_(new Core) {
    core_->on_signal = std::move(on_signal);
    for (std::size_t i = 0; i < kKnown.size(); ++i) {
        uv_signal_t& handle = core_->handles[i];
        TWINZONE_ASSERT(uv_signal_init(loop.native(), &handle) == 0);
        handle.data = core_.get();
        const int status = uv_signal_start(
            &handle,
            [](uv_signal_t* fired, int) noexcept {
                auto& core = *static_cast<Core*>(fired->data);
                core.on_signal(
                    kKnown[static_cast<std::size_t>(fired - core.handles.data())].signal);
            },
            kKnown[i].number);
        TWINZONE_ASSERT(status == 0);  // fails only for numbers that are no signals
    }
}

Signals::~Signals() = default;

void Signals::StartClose::operator()(Core* core) const noexcept {
    for (uv_signal_t& handle : core->handles) {
        uv_close(reinterpret_cast<uv_handle_t*>(&handle), [](uv_handle_t* closed) noexcept {
            auto* all = static_cast<Core*>(closed->data);
            if (--all->open_handles == 0) {
                delete all;
            }
        });
    }
}

}  // namespace twinzone::net
