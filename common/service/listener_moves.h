// Sockets follow a configuration that was read again: new addresses are opened before old ones are
// closed, and where that fails all is as before.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

#include "common/base/ip_address.h"
#include "common/base/result.h"

namespace twinzone::service {

struct Listening {
    std::function<Result<void>(const Endpoint&)> open;
    std::function<void(const Endpoint&)> close;
};

// Opens what `after` has more than `before`, then closes what it lacks. An address that cannot be
// opened beside one that is to go (a single address and all of them, with one port) is tried again
// once that is closed. The error of the address that cannot be opened: then all is as before.
[[nodiscard]] Result<void> move_listeners(const std::vector<Endpoint>& before,
                                          const std::vector<Endpoint>& after,
                                          const Listening& listening);

}  // namespace twinzone::service
