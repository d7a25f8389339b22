// Decides about incoming NOTIFYs. RFC 1996 §3.7-3.12: a NOTIFY is a hint that it is time to ask; it
// never sets state. Known zones only, access rules first, coalesced per zone.
//
// A serial that is announced but not found at the primary is looked for kAnnouncedTries times, then
// forgotten: a primary that announces more than it has costs three checks, not a loop.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "common/base/time.h"
#include "common/dns/message.h"
#include "common/dns/serial.h"
#include "common/transfer/access_rules.h"
#include "common/transfer/lane.h"
#include "common/transfer/token_bucket.h"

namespace twinzone::transfer {

inline constexpr unsigned kAnnouncedTries = 3;
inline constexpr seconds kAnnouncedRetry{1};  // before the second look; doubled before the third
inline constexpr std::size_t kMaxNotifySources = 4096;  // addresses whose rate is followed

// A zone that the question named and that we follow.
struct NotifiedZone {
    std::uint32_t index = 0;             // dense, the Scheduler's
    const AccessRules* rules = nullptr;  // who may notify; borrowed for the call
    std::optional<dns::Serial> ours;     // nullopt: no version yet
};

// What to do about one NOTIFY.
struct NotifyDecision {
    // Answer with this; nullopt: no answer at all (a response, or too many: the sender tries
    // again).
    std::optional<dns::Rcode> answer;
    // Check the zone in this lane, beginning with the sender.
    std::optional<Lane> check;
    std::optional<dns::Serial> hint;  // for the log
    std::string_view reason;          // in words, static
};

struct NotifyCheck {
    std::uint32_t zone = 0;
    dns::Serial announced;
};

// The answer to a NOTIFY (RFC 1996 §3.12).
[[nodiscard]] dns::Message notify_answer(const dns::Message& notify, dns::Rcode rcode);

// Not thread-safe.
class NotifyReceiver {
  public:
    // `per_second`: NOTIFYs taken from one address; as many more that name no newer serial than
    // ours, so that a hundred thousand of these, after a first load, hide no change.
    explicit NotifyReceiver(std::uint32_t per_second) noexcept : per_second_(per_second) {}

    // Another rate from now on.
    void set_rate(std::uint32_t per_second) {
        per_second_ = per_second;
        sources_.clear();
    }

    // `notify`: parsed, TSIG checked, opcode NOTIFY. `zone`: what its question names; nullopt where
    // we do not follow such a zone.
    [[nodiscard]] NotifyDecision handle_notify(Instant now, const dns::Message& notify,
                                               const Peer& peer,
                                               const std::optional<NotifiedZone>& zone);

    // A check or transfer of the zone ended and `ours` is in service now. True where an announced
    // serial has now been given up.
    bool handle_checked(Instant now, std::uint32_t zone, std::optional<dns::Serial> ours);

    void forget(std::uint32_t zone);

    // A zone whose announced serial is worth another look now; call until nullopt.
    [[nodiscard]] std::optional<NotifyCheck> poll_action(Instant now);
    [[nodiscard]] std::optional<Instant> next_timeout() const noexcept;

  private:
    struct Source {
        TokenBucket newer;
        TokenBucket old;
    };
    struct Announced {
        dns::Serial serial;
        unsigned looks = 0;
        std::optional<Instant> again;  // set while it waits in order_
    };

    bool admit(Instant now, const IpAddress& address, bool is_old);
    void unschedule(std::uint32_t zone, Announced& announced);

    std::uint32_t per_second_;
    std::unordered_map<std::uint32_t, Announced> announced_;  // by zone
    std::set<std::pair<Instant, std::uint32_t>> order_;
    std::map<IpAddress, Source> sources_;
};

}  // namespace twinzone::transfer
