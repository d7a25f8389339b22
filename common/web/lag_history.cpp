#include "common/web/lag_history.h"

#include <algorithm>
#include <limits>

#include "common/web/metrics_text.h"

namespace twinzone::web {

namespace {

constexpr std::uint16_t kUnknown = std::numeric_limits<std::uint16_t>::max();
constexpr std::uint16_t kMostSeconds = kUnknown - 1;  // 18 hours; a longer lag looks the same

std::uint16_t sample_of(std::optional<seconds> lag) noexcept {
    if (!lag) {
        return kUnknown;
    }
    return static_cast<std::uint16_t>(std::clamp<std::int64_t>(lag->count(), 0, kMostSeconds));
}

std::string key_of(std::string_view zone, std::string_view peer) {
    std::string key;
    key.reserve(zone.size() + 1 + peer.size());
    return key.append(zone).append(1, '\n').append(peer);
}

std::optional<seconds> lag_now(const control::ZoneStatus& zone, std::string_view peer) {
    const auto found = std::find_if(zone.peers.begin(), zone.peers.end(),
                                    [&](const auto& each) { return each.remote == peer; });
    if (found != zone.peers.end()) {
        return found->lag;
    }
    return peer == kSelf ? zone.lag : std::nullopt;
}

}  // namespace

void LagHistory::add(const Facts& facts) {
    for (auto& [key, ring] : rings_) {
        ring[next_] = kUnknown;  // unless it is told below
    }
    times_[next_] = facts.taken;
    for (const control::ZoneStatus& zone : facts.status.zones) {
        put(zone.zone, kSelf, zone.lag);
        for (const control::PeerStatus& peer : zone.peers) {
            put(zone.zone, peer.remote, peer.lag);
        }
    }
    next_ = (next_ + 1) % kSamples;
    count_ = std::min(count_ + 1, kSamples);
    forget_quiet();
}

void LagHistory::put(const std::string& zone, std::string_view peer, std::optional<seconds> lag) {
    const bool lags = lag && *lag > seconds{0};
    if (!lags && rings_.empty()) {
        return;
    }
    const std::string key = key_of(zone, peer);
    const auto found = rings_.find(key);
    if (found != rings_.end()) {
        found->second[next_] = sample_of(lag);
    } else if (lags && rings_.size() < kMaxSeries) {
        rings_[key][next_] = sample_of(lag);  // in step until now: zeros
    }
}

void LagHistory::forget_quiet() {
    std::erase_if(rings_, [](const auto& entry) {
        return std::all_of(entry.second.begin(), entry.second.end(),
                           [](std::uint16_t sample) { return sample == 0 || sample == kUnknown; });
    });
}

std::vector<std::optional<std::uint32_t>> LagHistory::series(const control::ZoneStatus& zone,
                                                             std::string_view peer) const {
    const auto found = rings_.find(key_of(zone.zone, peer));
    if (found == rings_.end()) {
        const bool known = lag_now(zone, peer).has_value();
        return std::vector<std::optional<std::uint32_t>>(
            count_, known ? std::optional<std::uint32_t>{0} : std::nullopt);
    }
    std::vector<std::optional<std::uint32_t>> out;
    out.reserve(count_);
    for (std::size_t i = kSamples - count_; i < kSamples; ++i) {
        const std::uint16_t sample = found->second[(next_ + i) % kSamples];
        out.push_back(sample == kUnknown ? std::nullopt : std::optional<std::uint32_t>{sample});
    }
    return out;
}

seconds LagHistory::span() const {
    if (count_ == 0) {
        return seconds{0};
    }
    const UnixTime first = times_[(next_ + kSamples - count_) % kSamples];
    return times_[(next_ + kSamples - 1) % kSamples] - first;
}

}  // namespace twinzone::web
