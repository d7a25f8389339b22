// A token bucket: at most `burst` at once and `per_second` in the long run. Kept as one moment (the
// generic cell rate algorithm), so that it costs two words and needs no timer of its own.
#pragma once

#include <algorithm>
#include <cstdint>

#include "common/base/time.h"

namespace twinzone::transfer {

// Plain value. Times given must not go back.
class TokenBucket {
  public:
    // per_second 0: no limit. A burst of 0 counts as 1.
    constexpr TokenBucket(std::uint32_t per_second, std::uint32_t burst) noexcept
        : interval_(per_second == 0 ? Duration{0} : Duration{seconds{1}} / per_second),
          depth_(interval_ * std::max<std::uint32_t>(burst, 1)) {}

    // Takes a token if there is one.
    constexpr bool take(Instant now) noexcept {
        if (available_at(now) > now) {
            return false;
        }
        reserve(now);
        return true;
    }

    // Takes a token out of turn and says from when on it may be used: a queue that books its tokens
    // this way is spread over time without being looked at again and again.
    constexpr Instant reserve(Instant now) noexcept {
        const Instant at = available_at(now);
        full_at_ = std::max(full_at_, now) + interval_;
        return at;
    }

    // When the next token is there; `now` or earlier moments are returned as `now`.
    [[nodiscard]] constexpr Instant available_at(Instant now) const noexcept {
        return std::max(now, std::max(full_at_, now) + interval_ - depth_);
    }

  private:
    Duration interval_;  // between two tokens
    Duration depth_;     // time to fill the whole bucket
    Instant full_at_;    // when it is full again, if nothing more is taken
};

}  // namespace twinzone::transfer
