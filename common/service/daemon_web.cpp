// What the daemon gives its web side.

#include <fmt/format.h>

#include "common/service/daemon.h"

namespace twinzone::service {

Result<void> Daemon::listen_web() {
    if (config_.web.empty()) {
        return {};
    }
    web_ = std::make_unique<WebService>(
        loop_, *store_, metrics_,
        WebService::Sources{
            .head = [this] { return status_without_zones(); },
            .zone_at = [this](std::size_t place) { return zone_status_at(place); }});
    for (const Endpoint& at : config_.web) {
        if (Result<void> listening = web_->listen(at); !listening) {
            return listening;
        }
        log_->server(observe::Level::info, fmt::format("web listening on {}", at.to_text()));
    }
    return {};
}

}  // namespace twinzone::service
