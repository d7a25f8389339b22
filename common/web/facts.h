// What pages, metrics and probes are made of: read off the daemon on its loop, then never changed,
// so that it may be rendered on any thread. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "common/control/status.h"

namespace twinzone::web {

struct Facts {
    control::Status status;
    std::string host;  // name of this machine
    UnixTime taken;
    std::vector<UnixTime> expires;             // of each zone of `status`; 0: never
    std::optional<std::uint64_t> store_bytes;  // of its file; absent while the store is broken
    Duration loop_lag{0};  // the longest that callbacks kept the loop from events, of late
};

// True for remotes of the configuration. Others come unasked and are known by their address: shown,
// but who looked once from somewhere is no reason for an alarm.
[[nodiscard]] inline bool is_named(const control::PeerStatus& peer) noexcept {
    return peer.configured || peer.remote != peer.address;
}

}  // namespace twinzone::web
