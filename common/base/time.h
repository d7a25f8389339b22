// Time as the cores see it: a parameter. Nothing here reads a clock.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace twinzone {

using Duration = std::chrono::nanoseconds;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// A moment on a monotonic clock with an arbitrary start; for timers within one run of a process.
// Plain value.
class Instant {
  public:
    constexpr Instant() noexcept = default;
    explicit constexpr Instant(Duration since_start) noexcept : since_start_(since_start) {}

    [[nodiscard]] constexpr Duration since_start() const noexcept { return since_start_; }

    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the 0 behind <=> for a pointer
    friend constexpr auto operator<=>(Instant, Instant) noexcept = default;
    friend constexpr Instant operator+(Instant at, Duration by) noexcept {
        return Instant{at.since_start_ + by};
    }
    friend constexpr Instant operator-(Instant at, Duration by) noexcept {
        return Instant{at.since_start_ - by};
    }
    friend constexpr Duration operator-(Instant a, Instant b) noexcept {
        return a.since_start_ - b.since_start_;
    }

  private:
    Duration since_start_{0};
};

// Seconds since 1970-01-01 00:00 UTC; for what outlives the process (expiry, history) and for TSIG.
// Plain value.
class UnixTime {
  public:
    constexpr UnixTime() noexcept = default;
    explicit constexpr UnixTime(std::int64_t since_epoch) noexcept : seconds_(since_epoch) {}

    [[nodiscard]] constexpr std::int64_t value() const noexcept { return seconds_; }

    // NOLINTNEXTLINE(modernize-use-nullptr): as above
    friend constexpr auto operator<=>(UnixTime, UnixTime) noexcept = default;
    friend constexpr UnixTime operator+(UnixTime at, seconds by) noexcept {
        return UnixTime{at.seconds_ + by.count()};
    }
    friend constexpr seconds operator-(UnixTime a, UnixTime b) noexcept {
        return seconds{a.seconds_ - b.seconds_};
    }

  private:
    std::int64_t seconds_ = 0;
};

// The same moment on both clocks, as the loop (or the simulator) read them.
struct Now {
    Instant instant;
    UnixTime unix;
};

}  // namespace twinzone
