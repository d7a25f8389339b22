// Keeps events that peers cause at will from filling the log: a token bucket for each kind of
// event. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/time.h"

namespace twinzone::observe {

// Kinds are constants of the program; should they not be, those beyond this share one bucket.
inline constexpr std::size_t kMaxLineKinds = 256;

class LineLimiter {
  public:
    // Of each kind `burst` events pass at once, and one per `interval` in the long run.
    LineLimiter(std::uint32_t burst, Duration interval) noexcept
        : burst_(burst), interval_(interval) {}

    // Nothing when the event is to be dropped; else how many of its kind were dropped since the
    // last that passed.
    [[nodiscard]] std::optional<std::uint64_t> admit(std::string_view kind, Instant now);

  private:
    struct Bucket {
        std::uint32_t tokens;
        Instant counted_to;  // tokens are counted up to here
        std::uint64_t dropped = 0;
    };
    [[nodiscard]] Bucket& bucket(std::string_view kind, Instant now);
    void refill(Bucket& bucket, Instant now) const noexcept;

    std::uint32_t burst_;
    Duration interval_;
    std::map<std::string, Bucket, std::less<>> buckets_;
};

}  // namespace twinzone::observe
