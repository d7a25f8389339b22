#include "common/observe/line_limiter.h"

#include <utility>

namespace twinzone::observe {

LineLimiter::Bucket& LineLimiter::bucket(std::string_view kind, Instant now) {
    auto found = buckets_.find(kind);
    if (found == buckets_.end()) {
        const std::string_view name = buckets_.size() < kMaxLineKinds ? kind : std::string_view{};
        found = buckets_.try_emplace(std::string{name}, Bucket{burst_, now}).first;
    }
    return found->second;
}

void LineLimiter::refill(Bucket& bucket, Instant now) const noexcept {
    if (now < bucket.counted_to) {
        return;
    }
    const auto earned = (now - bucket.counted_to) / interval_;
    if (earned >= burst_ - bucket.tokens) {
        bucket.tokens = burst_;
        bucket.counted_to = now;
        return;
    }
    bucket.tokens += static_cast<std::uint32_t>(earned);
    bucket.counted_to = bucket.counted_to + interval_ * earned;
}

std::optional<std::uint64_t> LineLimiter::admit(std::string_view kind, Instant now) {
    Bucket& of_kind = bucket(kind, now);
    refill(of_kind, now);
    if (of_kind.tokens == 0) {
        ++of_kind.dropped;
        return std::nullopt;
    }
    --of_kind.tokens;
    return std::exchange(of_kind.dropped, 0);
}

}  // namespace twinzone::observe
