// What happened to zones: the one place where it is told. Each event becomes a line of the log and
// is kept for `why`; both say the same.
#pragma once

#include "common/base/time.h"
#include "common/dns/name.h"
#include "common/observe/line_limiter.h"
#include "common/observe/log.h"
#include "common/service/decision.h"
#include "common/service/decision_book.h"
#include "common/service/event_decisions.h"
#include "common/service/publisher.h"

namespace twinzone::service {

// Loop thread only. Borrows the log for its life.
class EventLog {
  public:
    // `names` is shared with other parts that know the same zones.
    explicit EventLog(observe::Log& log,
                      dns::NameTablePtr names = std::make_shared<dns::NameTable>())
        : log_(log), book_(kMaxDecisionBytes, std::move(names)) {}

    void record(Now now, const dns::Name& zone, const Decision& decision);

    // With no more facts than these.
    void record(Now now, const dns::Name& zone, Reason reason, observe::EventFacts facts = {}) {
        record(now, zone, Decision{.reason = reason, .facts = std::move(facts)});
    }

    // In words of its own.
    void record_line(Now now, const dns::Name& zone, Reason reason, std::string line) {
        record(now, zone, Decision{.reason = reason, .line = std::move(line)});
    }

    // What the cores report.
    void record(Now now, const FollowerEvent& event);
    void record(Now now, const Announced& announced);
    void record(Now now, const ClientSession::TransferEnd& end);
    void record(Now now, const Refusal& refusal);
    void record(Now now, const dns::Name& zone, const zone::HeldVersion& held) {
        record(now, zone, decision_of(held));
    }

    // What was wrong with a PROXY header, or that there was one; of no zone, so only for the log.
    void proxy_fault(Now now, const Endpoint& peer, std::string_view what);

    // A connection was closed because of a limit; likewise.
    void turned_away(Now now, const Endpoint& peer, std::string_view limit);

    // The zone is no longer ours.
    void forget(const dns::Name& zone) { book_.forget(zone); }

    [[nodiscard]] const DecisionBook& book() const noexcept { return book_; }

  private:
    void record_by_client(Now now, const dns::Name& zone, const Decision& decision);
    void write(const dns::Name& zone, const Decision& decision, std::uint64_t dropped);

    observe::Log& log_;
    DecisionBook book_;
    observe::LineLimiter limiter_{kClientBurst, kClientInterval};

    // Of each reason that clients cause at will: so many at once, then one in each interval.
    static constexpr std::uint32_t kClientBurst = 10;
    static constexpr Duration kClientInterval = seconds{1};
};

}  // namespace twinzone::service
