#include "common/service/listener_moves.h"

namespace twinzone::service {

namespace {

std::vector<Endpoint> without(const std::vector<Endpoint>& all, const std::vector<Endpoint>& some) {
    std::vector<Endpoint> rest;
    for (const Endpoint& endpoint : all) {
        if (std::find(some.begin(), some.end(), endpoint) == some.end()) {
            rest.push_back(endpoint);
        }
    }
    return rest;
}

// All or none.
Result<void> open_all(const std::vector<Endpoint>& endpoints, const Listening& listening) {
    for (auto at = endpoints.begin(); at != endpoints.end(); ++at) {
        if (Result<void> opened = listening.open(*at); !opened) {
            std::for_each(endpoints.begin(), at, listening.close);
            return opened;
        }
    }
    return {};
}

}  // namespace

Result<void> move_listeners(const std::vector<Endpoint>& before, const std::vector<Endpoint>& after,
                            const Listening& listening) {
    const std::vector<Endpoint> added = without(after, before);
    const std::vector<Endpoint> gone = without(before, after);
    if (open_all(added, listening)) {
        std::for_each(gone.begin(), gone.end(), listening.close);
        return {};
    }
    std::for_each(gone.begin(), gone.end(), listening.close);
    Result<void> opened = open_all(added, listening);
    if (!opened) {
        // They were ours a moment ago; whoever took one of them meanwhile has it.
        for (const Endpoint& endpoint : gone) {
            static_cast<void>(listening.open(endpoint).has_value());
        }
    }
    return opened;
}

}  // namespace twinzone::service
