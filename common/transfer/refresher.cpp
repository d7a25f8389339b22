#include "common/transfer/refresher.h"

#include <algorithm>
#include <limits>

#include "common/base/assert.h"

namespace twinzone::transfer {

namespace {

// 68 years: all sums of timers and moments stay far from their limits.
constexpr seconds kMaxInterval{std::numeric_limits<std::int32_t>::max()};

constexpr std::uint64_t kFractions = 1024;
constexpr int kJitterShare = 10;        // one tenth of an interval
constexpr unsigned kMaxDoublings = 20;  // 5 s become two months

std::uint32_t count(seconds interval) noexcept {
    return static_cast<std::uint32_t>(interval.count());
}

// Good until 2106.
std::uint32_t in_seconds(UnixTime time) noexcept {
    constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(time.value(), 0, kMost));
}

// Only who has the zone from nobody always has all of EXPIRE left, however long the answer took.
Duration left_by(const ExpireTold& told, Instant now, seconds full) noexcept {
    return told.left >= full ? Duration{full}
                             : std::max(Duration{0}, Duration{told.left} -
                                                         std::max(Duration{0}, now - told.asked));
}

}  // namespace

RefreshIntervals clamp_intervals(const dns::SoaRecord& soa, const RefreshLimits& limits) noexcept {
    RefreshIntervals intervals;
    intervals.refresh = std::clamp(soa.refresh, limits.refresh_min, limits.refresh_max);
    intervals.retry = std::clamp(soa.retry, limits.retry_min, limits.retry_max);
    const seconds least =
        std::max(limits.expire_min, intervals.refresh + intervals.retry + seconds{1});
    intervals.expire = std::clamp(soa.expire, std::min(least, kMaxInterval), kMaxInterval);
    return intervals;
}

Refresher::Refresher(const RefreshLimits& limits, std::uint64_t seed, Instant now) noexcept
    : limits_(&limits),
      due_(now),
      stale_at_(now),
      expires_at_(now),
      fraction_(static_cast<std::uint16_t>(seed % kFractions)) {}

void Refresher::handle_loaded(Now now, const dns::SoaRecord& soa,
                              const zone::ZoneTimers& timers) noexcept {
    set_intervals(soa);
    has_zone_ = true;
    failures_ = 0;
    last_success_ = in_seconds(timers.last_success);
    // A clock that was set back must not lengthen what is left beyond what the SOA allows.
    const seconds expire{expire_};
    const seconds left = timers.expires == UnixTime{} ? expire : timers.expires - now.unix;
    expires_at_ = now.instant + std::clamp(left, seconds{0}, expire);
    const seconds age = now.unix - timers.last_success;
    const seconds refresh{refresh_};
    stale_at_ = now.instant + (refresh - std::clamp(age, seconds{0}, refresh));
    due_ = now.instant + Duration{kRestartSpread} / kFractions * fraction_;
}

void Refresher::handle_started(Instant now) noexcept {
    due_ = now + retry_delay(failures_ + 1U);
}

void Refresher::handle_current(Now now, const std::optional<ExpireTold>& expire) noexcept {
    TWINZONE_ASSERT(has_zone_);
    const seconds full{expire_};
    if (expire) {
        // RFC 7314 §4: the longer of the option and our own timer, SOA EXPIRE at most.
        expires_at_ = std::max(expires_at_, now.instant + left_by(*expire, now.instant, full));
    } else {
        expires_at_ = now.instant + full;
    }
    succeed(now);
}

void Refresher::handle_transferred(Now now, const dns::SoaRecord& soa,
                                   const std::optional<ExpireTold>& expire) noexcept {
    set_intervals(soa);
    has_zone_ = true;
    const seconds full{expire_};
    expires_at_ = now.instant + (expire ? left_by(*expire, now.instant, full) : Duration{full});
    succeed(now);
}

void Refresher::handle_failed(Instant now) noexcept {
    if (failures_ == 0 || now >= failed_at_ + retry_interval(failures_)) {
        failures_ = static_cast<std::uint8_t>(
            std::min<unsigned>(failures_ + 1U, std::numeric_limits<std::uint8_t>::max()));
        failed_at_ = now;
    }
    due_ = now + retry_delay(failures_);
}

void Refresher::handle_limits(Instant now, const dns::SoaRecord* soa) noexcept {
    if (soa != nullptr && has_zone_) {
        set_intervals(*soa);
    }
    const Duration most =
        failures_ > 0 || !has_zone_ ? retry_delay(failures_) : Duration{seconds{refresh_}};
    due_ = std::min(due_, now + most);
}

RefreshState Refresher::state(Instant now) const noexcept {
    if (!has_zone_) {
        return RefreshState::no_zone;
    }
    if (now >= expires_at_) {
        return RefreshState::expired;
    }
    return now >= stale_at_ ? RefreshState::stale : RefreshState::fresh;
}

std::optional<Instant> Refresher::expires_at() const noexcept {
    return has_zone_ ? std::optional{expires_at_} : std::nullopt;
}

Lane Refresher::lane(Instant now) const noexcept {
    if (!has_zone_) {
        return Lane::first_load;
    }
    return failures_ > 0 || now >= expires_at_ ? Lane::retry : Lane::refresh;
}

seconds Refresher::behind_source(const dns::SoaRecord& soa) const noexcept {
    // A primary says its SOA's EXPIRE, whatever our limits make of it.
    const seconds full = std::min(seconds{expire_}, soa.expire);
    const Instant success = stale_at_ - seconds{refresh_};
    const seconds left = std::chrono::ceil<seconds>(expires_at_ - success);
    return has_zone_ ? std::max(seconds{0}, full - left) : seconds{0};
}

bool Refresher::lost_source(const dns::SoaRecord& soa) const noexcept {
    const seconds full = std::min(seconds{expire_}, soa.expire);
    // We may ask more often than the SOA says; tiers above us need not.
    const seconds refresh = std::max(seconds{refresh_}, soa.refresh);
    return behind_source(soa) > std::min(kMaxTiers * refresh, full / 2);
}

zone::ZoneTimers Refresher::timers(Now now) const noexcept {
    zone::ZoneTimers timers;
    timers.last_success = UnixTime{last_success_};
    if (has_zone_) {
        timers.expires = now.unix + std::chrono::duration_cast<seconds>(expires_at_ - now.instant);
    }
    return timers;
}

void Refresher::set_intervals(const dns::SoaRecord& soa) noexcept {
    const RefreshIntervals intervals = clamp_intervals(soa, *limits_);
    refresh_ = count(intervals.refresh);
    retry_ = count(intervals.retry);
    expire_ = count(intervals.expire);
}

void Refresher::succeed(Now now) noexcept {
    failures_ = 0;
    last_success_ = in_seconds(now.unix);
    const seconds refresh{refresh_};
    stale_at_ = now.instant + refresh;
    // Early rather than late: REFRESH is the longest that we may go without asking.
    due_ = stale_at_ - jitter(refresh);
}

Duration Refresher::jitter(Duration interval) const noexcept {
    return interval / kJitterShare / static_cast<std::int64_t>(kFractions) *
           std::int64_t{fraction_};
}

// RETRY (RFC 1035 §3.3.13) doubled with each failure, so that a short RETRY does not become a loop;
// but a zone in trouble is never asked less often than a healthy one.
Duration Refresher::retry_interval(unsigned failures) const noexcept {
    const seconds first = has_zone_ ? seconds{retry_} : limits_->retry_min;
    const seconds most = has_zone_
                             ? std::max(first, std::min(seconds{refresh_}, limits_->retry_max))
                             : std::max(first, limits_->retry_max);
    const unsigned doublings = std::min(failures == 0 ? 0U : failures - 1, kMaxDoublings);
    return std::min(Duration{first} * (std::int64_t{1} << doublings), Duration{most});
}

Duration Refresher::retry_delay(unsigned failures) const noexcept {
    const Duration interval = retry_interval(failures);
    return interval + jitter(interval);
}

}  // namespace twinzone::transfer
