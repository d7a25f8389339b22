// The lags of the last while, for sparklines: a ring of samples for each zone and peer. Bounded:
// who was in step all the while needs no ring, and beyond kMaxSeries no more are kept.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/time.h"
#include "common/web/facts.h"

namespace twinzone::web {

// Plain value: copied before it is changed where others may be reading.
class LagHistory {
  public:
    static constexpr std::size_t kSamples = 60;
    static constexpr std::size_t kMaxSeries = 20'000;  // 120 octets each, and its names

    // Takes the lags of now.
    void add(const Facts& facts);

    // A lag in seconds each, oldest first; nullopt: not known then. Empty where nothing was sampled
    // yet. `peer`: a remote, or kSelf for this server.
    [[nodiscard]] std::vector<std::optional<std::uint32_t>> series(const control::ZoneStatus& zone,
                                                                   std::string_view peer) const;

    // From the first sample that is kept to the last.
    [[nodiscard]] seconds span() const;

    [[nodiscard]] std::size_t kept() const noexcept { return rings_.size(); }

  private:
    using Ring = std::array<std::uint16_t, kSamples>;

    void put(const std::string& zone, std::string_view peer, std::optional<seconds> lag);
    void forget_quiet();

    std::unordered_map<std::string, Ring> rings_;
    std::array<UnixTime, kSamples> times_{};
    std::size_t next_ = 0;
    std::size_t count_ = 0;
};

}  // namespace twinzone::web
