// When a secondary checks its zone against the primary, and until when it may serve it. RFC 1034
// §4.3.5, RFC 1035 §3.3.13, RFC 7314 §4. One per zone; compact, since there may be a million.
//
//            loaded, transferred                refresh passed            expire passed
//   no_zone --------------------> fresh ----------------------> stale ----------------> expired
//                                   ^------ current, transferred --'------ transferred ------'
//
// Every state has a next_due(). A check re-arms the retry timer before it begins, so that an
// outcome which never comes costs one retry and not the zone.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/time.h"
#include "common/dns/soa.h"
#include "common/transfer/lane.h"
#include "common/zone/version_store.h"

namespace twinzone::transfer {

// The operator's bounds for what a zone's SOA may ask of us. Requires: min <= max, all above 0.
struct RefreshLimits {
    seconds refresh_min{30};
    seconds refresh_max{hours{24}};
    seconds retry_min{5};
    seconds retry_max{hours{2}};
    seconds expire_min{hours{1}};

    friend bool operator==(const RefreshLimits&, const RefreshLimits&) = default;
};

// A SOA's timers after the limits. expire >= refresh + retry + 1, so that no zone expires between
// two regular checks.
struct RefreshIntervals {
    seconds refresh{0};
    seconds retry{0};
    seconds expire{0};
};
[[nodiscard]] RefreshIntervals clamp_intervals(const dns::SoaRecord& soa,
                                               const RefreshLimits& limits) noexcept;

// EDNS EXPIRE (RFC 7314): how long a primary may go on serving the zone, by its word. Whenever it
// was said, it was so `asked` at the latest: less than that is left now.
struct ExpireTold {
    seconds left{0};
    Instant asked;
};

enum class RefreshState : std::uint8_t { no_zone, fresh, stale, expired };

// Not thread-safe. Timers of a run are Instants, so that a jump of the wall clock moves none;
// UnixTime only carries expiry over a restart.
class Refresher {
  public:
    // A zone that was never filled: due now. `limits` outlives this object. `seed`: tells zones
    // apart (a hash of the name) and hosts (a number drawn at start).
    Refresher(const RefreshLimits& limits, std::uint64_t seed, Instant now) noexcept;

    // What the store holds, at start. The first check is due soon (spread over kRestartSpread): a
    // NOTIFY may have been missed. Expiry goes on as if there had been no restart.
    void handle_loaded(Now now, const dns::SoaRecord& soa, const zone::ZoneTimers& timers) noexcept;

    // A check or transfer begins.
    void handle_started(Instant now) noexcept;

    // The primary confirmed our version. `expire`: its EDNS EXPIRE, if it gave one; the longer of
    // it and what is left counts, SOA EXPIRE at most (RFC 7314 §4). So secondaries that ask each
    // other in a ring gain nothing: the zone expires everywhere when their source is gone.
    void handle_current(Now now, const std::optional<ExpireTold>& expire) noexcept;

    // A new version was committed. EDNS EXPIRE stands in for SOA EXPIRE where it is shorter.
    void handle_transferred(Now now, const dns::SoaRecord& soa,
                            const std::optional<ExpireTold>& expire) noexcept;

    // All primaries were tried in vain, or what they have was refused. Expiry does not move. The
    // wait grows no faster than it passes: a row of NOTIFYs in a bad minute must not put off the
    // checks of the hours after it.
    void handle_failed(Instant now) noexcept;

    // By these limits from now on; handle_limits() comes next. They outlive this object.
    void use_limits(const RefreshLimits& limits) noexcept { limits_ = &limits; }

    // The limits have changed (configuration was reloaded). `soa`: of the version, where there is
    // one. The next check is no later than they allow; expiry does not move.
    void handle_limits(Instant now, const dns::SoaRecord* soa) noexcept;

    [[nodiscard]] RefreshState state(Instant now) const noexcept;

    // When the next check begins; it may have passed.
    [[nodiscard]] Instant next_due() const noexcept { return due_; }

    // nullopt where there is no zone.
    [[nodiscard]] std::optional<Instant> expires_at() const noexcept;

    // The lane of the next routine check.
    [[nodiscard]] Lane lane(Instant now) const noexcept;

    // How long before the last success a source had confirmed the zone, by what its primaries said
    // to be left; 0 where one of them was a source or said nothing. `soa`: of the version.
    [[nodiscard]] seconds behind_source(const dns::SoaRecord& soa) const noexcept;

    // That is longer than it takes through so many tiers: the source is lost, or the primaries only
    // confirm what they have from us and each other.
    [[nodiscard]] bool lost_source(const dns::SoaRecord& soa) const noexcept;

    // What to store with a commit.
    [[nodiscard]] zone::ZoneTimers timers(Now now) const noexcept;

    // Failures since the last success that count for the back-off; stops at 255.
    [[nodiscard]] unsigned failures() const noexcept { return failures_; }

  private:
    void set_intervals(const dns::SoaRecord& soa) noexcept;
    void succeed(Now now) noexcept;
    Duration jitter(Duration interval) const noexcept;
    Duration retry_interval(unsigned failures) const noexcept;
    Duration retry_delay(unsigned failures) const noexcept;

    const RefreshLimits* limits_;
    Instant due_;
    Instant failed_at_;  // the last failure that counts for the back-off
    Instant stale_at_;
    Instant expires_at_;
    std::uint32_t last_success_ = 0;  // since 1970; 0: never
    std::uint32_t refresh_ = 0;       // seconds, clamped
    std::uint32_t retry_ = 0;
    std::uint32_t expire_ = 0;
    std::uint16_t fraction_;  // of a span, in kFractions: tells zones apart
    std::uint8_t failures_ = 0;
    bool has_zone_ = false;
};

// Time over which the checks after a start are spread.
inline constexpr seconds kRestartSpread{1};

// Tiers below a source, each of them a REFRESH late; but a source counts as lost once half of the
// time to expiry has passed.
inline constexpr int kMaxTiers = 8;

}  // namespace twinzone::transfer
