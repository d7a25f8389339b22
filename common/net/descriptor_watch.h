// Says when a descriptor that another library owns has something to read, or room to write: how
// such a library lives on our loop.
#pragma once

#include <functional>
#include <memory>

#include "common/base/result.h"
#include "common/net/loop.h"

namespace twinzone::net {

// The loop outlives it; the descriptor is the owner's and outlives it too. May be destroyed within
// its own callback.
class DescriptorWatch {
  public:
    // `on_readable` is called again and again as long as there is something to read. Errc::network
    // for a descriptor that cannot be polled.
    [[nodiscard]] static Result<std::unique_ptr<DescriptorWatch>> start(
        Loop& loop, int descriptor, std::function<void()> on_readable);

    // From now on the same function is called when there is room to write, too; or no more so.
    void set_wants_room(bool wants_room);

  private:
    struct Core;
    struct StartClose {
        void operator()(Core* core) const noexcept;
    };
    explicit DescriptorWatch(std::unique_ptr<Core, StartClose> core) noexcept;

    std::unique_ptr<Core, StartClose> core_;
};

}  // namespace twinzone::net
