// What the log says of the store that was opened.
#include <fmt/format.h>

#include "common/service/daemon.h"

namespace twinzone::service {

namespace {

using observe::Level;

}  // namespace

void Daemon::log_opening() {
    const store::Opening& opening = store_->opening();
    if (!opening.set_aside.empty()) {
        log_->server(Level::error,
                     fmt::format("damaged store set aside as {}: {}; a fresh one begins",
                                 opening.set_aside, opening.set_aside_why));
    }
    for (const dns::Name& zone : opening.damaged_zones) {
        events_.record_line(loop_.now(), zone, Reason::record_damaged,
                            "its record in the store is damaged; it will be loaded anew");
    }
    for (const dns::Name& zone : opening.damaged_holds) {
        events_.record_line(loop_.now(), zone, Reason::record_damaged,
                            "what was held or frozen of it is damaged in the store and forgotten");
    }
    if (!opening.repair_failed.empty()) {
        log_->server(Level::warning, fmt::format("damaged zones keep their room in the store: {}",
                                                 opening.repair_failed));
    }
    const std::uint64_t most = store_->stats().max_bytes;
    if (most < config_.store_max_bytes) {
        log_->server(Level::warning,
                     fmt::format("store.max-size is {} octets instead of {}: the address space "
                                 "(ulimit -v) has no room for more",
                                 most, config_.store_max_bytes));
    }
    log_->server(Level::info,
                 fmt::format("store {} opened, {} zones", config_.store_path, opening.zones));
}

}  // namespace twinzone::service
