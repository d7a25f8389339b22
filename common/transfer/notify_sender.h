// Tells secondaries about new versions and goes on until they answer. RFC 1996 §3.
//
// One entry per zone and target that is still owed a NOTIFY. An entry always has a timer. A newer
// serial replaces the one on its way; there is one message in flight for an entry, so that a zone
// that changes a hundred times a second costs its secondaries one message per round trip.
//
//   waiting --send--> in flight --answered--> gone (or waiting, if a newer serial came meanwhile)
//      ^------ no answer: 2 s, 4 s … 60 s, then slowly ------'
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/base/random.h"
#include "common/base/time.h"
#include "common/dns/message.h"
#include "common/dns/soa.h"
#include "common/transfer/due_queue.h"
#include "common/transfer/token_bucket.h"

namespace twinzone::transfer {

struct NotifyLimits {
    seconds first_retry{2};        // an answer takes one round trip; the message may be lost
    milliseconds round_trip{100};  // a newer version waits so long for an answer to the one before
    seconds max_retry{60};         // RFC 1996 §3.6 suggests 60 s
    std::uint32_t fast_tries = 8;  // then the target is taken to be away
    seconds slow_retry{hours{1}};
    seconds restart_spread{30};       // for what was owed before a restart
    std::uint32_t per_second = 1000;  // to one target; repeats have half of it beside this
};

struct NotifyAction {
    std::uint32_t zone = 0;
    std::uint32_t target = 0;
    std::uint16_t id = 0;
    dns::Serial serial;    // the version announced; put its SOA (or a newer one) in the message
    unsigned attempt = 0;  // 1 is the first
};

enum class NotifyVerdict : std::uint8_t {
    delivered,  // NOERROR: no longer owed
    refused,   // it will not listen (REFUSED, NOTAUTH, NOTIMP …): no longer owed, worth a warning
    retrying,  // SERVFAIL: goes on
};
struct NotifyResult {
    std::uint32_t zone = 0;
    std::uint32_t target = 0;
    dns::Serial serial;
    NotifyVerdict verdict{};
    bool still_owed = false;  // a newer serial goes out, or a retry does
};

// The NOTIFY for a version: question SOA, AA, the SOA as the hint (RFC 1996 §3.7).
[[nodiscard]] dns::Message notify_message(const dns::SoaRecord& soa, std::uint16_t id);

// Zones and targets by the caller's dense indexes. Not thread-safe.
class NotifySender {
  public:
    NotifySender(const NotifyLimits& limits, std::uint64_t seed);

    // Another rate to each target from now on; 0: none.
    void set_rate(std::uint32_t per_second) {
        limits_.per_second = per_second;
        targets_.clear();  // made again when they are next told
    }

    // A version was committed and is being served: tell the target now.
    void handle_committed(Instant now, std::uint32_t zone, std::uint32_t target,
                          dns::Serial serial);

    // Owed from before a restart.
    void handle_owed(Instant now, std::uint32_t zone, std::uint32_t target, dns::Serial serial);

    // The target answered message `id` about the zone. nullopt where that is not the one on its way
    // (late, forged): ignore it.
    [[nodiscard]] std::optional<NotifyResult> handle_answer(Instant now, std::uint32_t zone,
                                                            std::uint32_t target, std::uint16_t id,
                                                            dns::Rcode rcode);

    // The zone or target is gone, or the target has the version already (it took it from us).
    void forget(std::uint32_t zone, std::uint32_t target);

    // The next message to send now; call until nullopt.
    [[nodiscard]] std::optional<NotifyAction> poll_action(Instant now);
    [[nodiscard]] std::optional<Instant> next_timeout() const noexcept { return due_.next(); }

    [[nodiscard]] std::size_t owed() const noexcept { return by_pair_.size(); }

    // Every entry has a timer, and every index agrees. For tests and the simulator.
    [[nodiscard]] bool invariants_hold() const noexcept;

  private:
    enum class State : std::uint8_t {
        waiting,   // for its time; then it books a token
        booked,    // its token is usable at its due time
        in_flight  // its due time is the end of patience
    };
    struct Entry {
        std::uint32_t zone = 0;
        std::uint32_t target = 0;
        dns::Serial serial;    // to announce
        std::uint16_t id = 0;  // of the message in flight
        State state = State::waiting;
        bool newer = false;  // serial changed since the message in flight left
        bool old = false;    // owed from before a restart
        std::uint32_t attempts = 0;
    };
    struct Target {
        TokenBucket fresh;
        TokenBucket repeats;  // apart, so that old debts never delay a new version
    };

    std::uint32_t slot_for(std::uint32_t zone, std::uint32_t target);
    void release(std::uint32_t slot);
    void start_over(Instant now, std::uint32_t slot);
    std::optional<NotifyAction> step(Instant now, std::uint32_t slot);
    Target& target(std::uint32_t index);
    Duration patience(std::uint32_t attempts) const noexcept;

    NotifyLimits limits_;
    Random random_;
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> free_slots_;
    std::unordered_map<std::uint64_t, std::uint32_t> by_pair_;  // zone, target -> slot
    std::vector<Target> targets_;
    DueQueue due_;  // by slot
};

}  // namespace twinzone::transfer
