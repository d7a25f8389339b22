// Tells secondaries about new versions and goes on until they answer. RFC 1996 §3.
//
// One entry per zone and target that is still owed a NOTIFY. An entry always has a timer, or a
// place in a line that has one. A newer serial replaces the one on its way; there is one message in
// flight for an entry, so that a zone that changes a hundred times a second costs its secondaries
// one message per round trip.
//
//   waiting --> in line --token--> in flight --answered--> gone (or waiting, if a newer serial
//   came)
//      ^------ no answer: 2 s, 4 s … 60 s, then slowly ------'
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
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
    std::uint32_t per_second = 1000;  // to one target; repeats have a quarter of it
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
    void set_rate(std::uint32_t per_second);

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
    [[nodiscard]] std::optional<Instant> next_timeout() const noexcept;

    [[nodiscard]] std::size_t owed() const noexcept { return entries_.size() - free_slots_.size(); }

    // Every entry has a timer, and every index agrees. For tests and the simulator.
    [[nodiscard]] bool invariants_hold() const noexcept;

  private:
    enum class State : std::uint8_t {
        waiting,   // for its time; then it goes into a line
        in_line,   // for a token of its target
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
        std::uint32_t ticket = 0;  // of its last place in a line
        std::uint32_t next = 0;    // slot of the zone, plus 1; 0: none
    };
    struct Place {
        std::uint32_t slot = 0;
        std::uint32_t ticket = 0;  // another than the entry's: it has left
    };
    // Entries of one target that wait for a token. By turns the newest and the oldest goes: what
    // has just been committed is not told behind a hundred thousand first versions, and those are
    // told in the end.
    struct Line {
        TokenBucket tokens;
        std::deque<Place> places{};
        bool oldest_next = false;
    };

    [[nodiscard]] std::optional<std::uint32_t> find(std::uint32_t zone,
                                                    std::uint32_t target) const noexcept;
    std::uint32_t slot_for(std::uint32_t zone, std::uint32_t target);
    void release(std::uint32_t slot);
    void give_room_back();
    void start_over(Instant now, std::uint32_t slot);
    std::optional<std::uint32_t> next_of(Line& line);
    void stand_in_line(Instant now, std::uint32_t slot);
    std::optional<NotifyAction> serve_line(Instant now, std::uint32_t index);
    NotifyAction send(Instant now, std::uint32_t slot);
    [[nodiscard]] TokenBucket tokens_for(std::size_t line) const noexcept;
    Duration patience(std::uint32_t attempts) const noexcept;

    NotifyLimits limits_;
    Random random_;
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> free_slots_;
    std::vector<std::uint32_t> first_;  // by zone: a slot of it, plus 1; 0: none
    // Two for each target: of new versions; of repeats, which have a quarter of the tokens at most.
    std::vector<Line> lines_;
    DueQueue due_;        // by slot: entries that are in no line
    DueQueue lines_due_;  // by line: when its next token is there
};

}  // namespace twinzone::transfer
