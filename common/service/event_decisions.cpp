#include "common/service/event_decisions.h"

#include <fmt/format.h>

#include "common/control/calendar.h"
#include "common/service/hold_text.h"

namespace twinzone::service {

namespace {

using observe::EventFacts;

TransferLabel label_of(TransferType type) {
    return type == TransferType::axfr ? TransferLabel::axfr : TransferLabel::ixfr;
}

TransferLabel label_of(TransferType asked, TransferType got) {
    const bool whole_for_ixfr = asked == TransferType::ixfr && got == TransferType::axfr;
    return whole_for_ixfr ? TransferLabel::axfr_style_ixfr : label_of(asked);
}

Reason reason_of(SoaVerdict verdict) {
    switch (verdict) {
        case SoaVerdict::current: return Reason::soa_current;
        case SoaVerdict::newer: return Reason::soa_newer;
        case SoaVerdict::lower: return Reason::soa_lower;
        case SoaVerdict::incomparable: return Reason::soa_incomparable;
        case SoaVerdict::adopted: return Reason::soa_adopted;
        case SoaVerdict::failed: return Reason::soa_failed;
    }
    TWINZONE_UNREACHABLE();
}

Reason reason_of(TransferCause cause) {
    switch (cause) {
        case TransferCause::differences: return Reason::ixfr_chosen;
        case TransferCause::own_history: return Reason::ixfr_own_history;
        case TransferCause::foreign: return Reason::axfr_foreign;
        case TransferCause::first: return Reason::axfr_first;
        case TransferCause::expired: return Reason::axfr_expired;
        case TransferCause::adopted: return Reason::axfr_adopted;
        case TransferCause::ordered: return Reason::axfr_ordered;
        case TransferCause::differs: return Reason::axfr_differs;
        case TransferCause::after_ixfr: return Reason::axfr_after_ixfr;
    }
    TWINZONE_UNREACHABLE();
}

Reason reason_of_failure(Errc code) {
    switch (code) {
        case Errc::rcode: return Reason::transfer_refused;
        case Errc::peer_unreachable:
        case Errc::network: return Reason::transfer_unreachable;
        case Errc::transfer_cut: return Reason::transfer_cut;
        case Errc::message_malformed:
        case Errc::message_unexpected:
        case Errc::transfer_malformed: return Reason::transfer_malformed;
        case Errc::transfer_diverged: return Reason::transfer_diverged;
        case Errc::tsig_missing:
        case Errc::tsig_bad_key:
        case Errc::tsig_bad_signature:
        case Errc::tsig_bad_time:
        case Errc::tsig_bad_truncation: return Reason::transfer_signature;
        case Errc::transfer_limit: return Reason::transfer_limit;
        case Errc::zone_policy: return Reason::transfer_policy;
        case Errc::zone_unverified: return Reason::transfer_unverified;
        default: return Reason::transfer_local;
    }
}

Reason reason_of(const TransferEnded& event) {
    if (event.error) {
        return reason_of_failure(event.error->code());
    }
    if (event.up_to_date) {
        return Reason::transfer_up_to_date;
    }
    if (event.unchanged) {
        return Reason::transfer_unchanged;
    }
    return event.asked == TransferType::ixfr && event.got == TransferType::axfr
               ? Reason::transfer_whole_for_ixfr
               : Reason::transfer_finished;
}

class FollowerDecisions {
  public:
    std::vector<Decision> take() { return std::move(decisions_); }

    void operator()(const SoaChecked& event) {
        EventFacts facts;
        facts.remote = event.remote.to_text();
        const bool differs = event.ours != event.serial;
        facts.from = differs ? event.ours : std::nullopt;
        facts.to = event.serial;
        if (event.error) {
            facts.detail = event.error->detail();
        }
        add(reason_of(event.verdict), std::move(facts));
    }

    // That it is the same, the SOA check has said already.
    void operator()(const DigestCompared& event) {
        if (event.outcome == DigestOutcome::same) {
            return;
        }
        const bool is_kept = event.outcome == DigestOutcome::kept;
        EventFacts facts;
        facts.remote = event.remote.to_text();
        facts.to = event.serial;
        facts.digest = event.ours.to_text();
        facts.note = fmt::format("theirs {}", event.theirs.to_text());
        if (is_kept) {
            facts.note += event.preferred.empty()
                              ? std::string{", it was fetched once already"}
                              : fmt::format(", {} comes before it", event.preferred);
        }
        add(is_kept ? Reason::digest_kept : Reason::digest_differs, std::move(facts));
    }

    void operator()(const TransferBegan& event) {
        EventFacts facts;
        facts.remote = event.remote.to_text();
        facts.key = event.key;
        facts.tls = event.tls;
        facts.from = event.ours;
        facts.note = event.transport == Transport::udp ? "over UDP" : "";
        add(reason_of(event.cause), std::move(facts), label_of(event.asked));
    }

    void operator()(const TransferProgressed& event) {
        EventFacts facts;
        facts.remote = event.remote.to_text();
        facts.records = event.records;
        facts.messages = event.messages;
        facts.bytes = event.bytes;
        facts.took = event.took;
        add(Reason::transfer_progress, std::move(facts), label_of(event.asked));
    }

    void operator()(const TransferEnded& event) {
        EventFacts facts;
        facts.remote = event.remote.to_text();
        facts.key = event.key;
        facts.tls = event.tls;
        facts.from = event.from;
        facts.to = event.to;
        if (event.error) {
            facts.detail = event.error->detail();
        } else if (!event.up_to_date) {
            facts.added = event.added;
            facts.removed = event.removed;
        }
        facts.messages = event.messages;
        facts.bytes = event.bytes;
        facts.took = event.took;
        add(reason_of(event), std::move(facts), label_of(event.asked, event.got));
        add_oddities(event);
    }

    void operator()(const NotifyAccepted& event) {
        EventFacts facts;
        facts.remote = event.from.to_text();
        facts.to = event.serial;
        add(event.promises_newer ? Reason::notify_heard : Reason::notify_not_newer,
            std::move(facts));
    }

    void operator()(const NotifyTurnedAway& event) {
        EventFacts facts;
        facts.remote = event.from.to_text();
        facts.detail = event.reason;
        add(event.ignored ? Reason::notify_ignored : Reason::notify_refused, std::move(facts));
    }

    void operator()(const NotifyUnfound&) { add(Reason::notify_unfound, {}); }

    void operator()(const VersionPublished& event) {
        EventFacts facts;
        facts.from = event.replaced;
        facts.to = event.version.serial();
        facts.records = event.version.records;
        facts.digest = event.version.digest.to_text();
        add(Reason::committed, std::move(facts));
    }

    void operator()(const VersionHeld& event) { decisions_.push_back(decision_of(event.held)); }

    // That a version waits was said when it was held, or the zone frozen.
    void operator()(const RoundEnded& event) {
        if (!event.error) {
            return;
        }
        const bool waits =
            event.error->code() == Errc::zone_held || event.error->code() == Errc::zone_frozen;
        EventFacts facts;
        facts.detail = event.error->detail();
        facts.next = event.next_check;
        add(waits ? Reason::kept_back : Reason::retry_scheduled, std::move(facts));
    }

    void operator()(const ZoneExpired&) { add(Reason::expired, {}); }

    void operator()(const SourceLost& event) {
        EventFacts facts;
        facts.note = fmt::format("not confirmed by a source for {}",
                                 control::span_in_words(event.unconfirmed));
        add(Reason::source_lost, std::move(facts));
    }

  private:
    void add_oddities(const TransferEnded& event) {
        const auto tell = [&](Reason reason, std::string note) {
            EventFacts facts;
            facts.remote = event.remote.to_text();
            facts.note = std::move(note);
            add(reason, std::move(facts), label_of(event.asked, event.got));
        };
        if (event.left_out > 0) {
            tell(Reason::records_left_out,
                 fmt::format("{} records outside the zone were left out", event.left_out));
        }
        if (event.already_there > 0) {
            tell(Reason::records_already_there,
                 fmt::format("{} added records were there already", event.already_there));
        }
        if (event.not_authoritative) {
            tell(Reason::answer_not_authoritative, {});
        }
    }

    void add(Reason reason, EventFacts facts, TransferLabel label = TransferLabel::none) {
        decisions_.push_back({.reason = reason, .transfer = label, .facts = std::move(facts)});
    }

    std::vector<Decision> decisions_;
};

Reason reason_of(const Announced& announced) {
    switch (announced.stage) {
        case Announced::Stage::sent: return Reason::peer_told;
        case Announced::Stage::unanswered: return Reason::peer_not_answering;
        case Announced::Stage::answered: break;
    }
    if (announced.error) {
        return Reason::peer_answer_bad;
    }
    switch (announced.verdict) {
        case transfer::NotifyVerdict::delivered: return Reason::peer_acknowledged;
        case transfer::NotifyVerdict::refused: return Reason::peer_refuses_notify;
        case transfer::NotifyVerdict::retrying: return Reason::peer_postpones;
    }
    TWINZONE_UNREACHABLE();
}

// Why a client that asked for differences gets something else.
std::string_view plan_note(transfer::PlanReason reason) {
    switch (reason) {
        case transfer::PlanReason::no_history: return "no differences from its serial are kept";
        case transfer::PlanReason::history_larger:
            return "the differences are larger than the zone";
        case transfer::PlanReason::condensed: return "its many differences were made one";
        case transfer::PlanReason::asked:
        case transfer::PlanReason::client_current:
        case transfer::PlanReason::client_ahead:
        case transfer::PlanReason::too_large_for_udp: return {};
    }
    TWINZONE_UNREACHABLE();
}

Reason reason_of(const ClientSession::TransferEnd& end, bool whole_for_ixfr) {
    if (end.error) {
        return Reason::not_taken;
    }
    switch (end.transfer.writer().reason()) {
        case transfer::PlanReason::client_current: return Reason::given_up_to_date;
        case transfer::PlanReason::client_ahead: return Reason::client_ahead;
        case transfer::PlanReason::asked:
        case transfer::PlanReason::condensed:
        case transfer::PlanReason::no_history:
        case transfer::PlanReason::history_larger:
        case transfer::PlanReason::too_large_for_udp: break;
    }
    return whole_for_ixfr ? Reason::given_whole_for_ixfr : Reason::given;
}

}  // namespace

std::vector<Decision> decisions_of(const FollowerEvent& event) {
    FollowerDecisions decisions;
    std::visit(decisions, event.what);
    return decisions.take();
}

Decision decision_of(const Announced& announced) {
    EventFacts facts;
    facts.remote = announced.endpoint.to_text();
    facts.name = announced.remote;
    if (announced.error) {
        facts.detail = announced.error->detail();
    } else {
        facts.to = announced.serial;
        facts.detail = announced.refusal;
    }
    return {.reason = reason_of(announced), .facts = std::move(facts)};
}

Decision decision_of(const zone::HeldVersion& held) {
    EventFacts facts;
    facts.from = held.base;
    facts.to = held.version.serial();
    facts.added = held.added;
    facts.removed = held.removed;
    facts.digest = held.version.digest.to_text();
    facts.detail = held_text(held, 0);
    facts.note = "'approve' publishes it, 'reject' drops it";
    return {.reason = Reason::held, .facts = std::move(facts)};
}

Decision progress_of(const ClientSession::TransferEnd& so_far) {
    Decision decision = decision_of(so_far);
    decision.reason = Reason::given_progress;
    return decision;
}

Decision decision_of(const ClientSession::TransferEnd& end) {
    const OutgoingTransfer& transfer = end.transfer;
    const bool ixfr = transfer.request().question().type == dns::RrType::ixfr;
    const bool full = transfer.writer().plan() == transfer::TransferPlan::full;
    EventFacts facts;
    facts.remote = transfer.request().source().peer.to_text();
    facts.tls = transfer.request().source().over_tls;
    facts.key =
        transfer.request().key() ? transfer.request().key()->name().to_text() : std::string{};
    facts.from = transfer.from() == transfer.serial() ? std::nullopt : transfer.from();
    facts.to = transfer.serial();
    facts.messages = end.sent.messages;
    facts.bytes = end.sent.bytes;
    facts.took = end.took;
    const TransferLabel label = label_of(ixfr ? TransferType::ixfr : TransferType::axfr,
                                         full ? TransferType::axfr : TransferType::ixfr);
    if (end.error) {
        facts.detail = end.error->detail();
    } else {
        facts.note = plan_note(transfer.writer().reason());
        if (transfer.request().source().transport == Transport::udp) {
            facts.note += facts.note.empty() ? "over UDP" : ", over UDP";
        }
    }
    return {.reason = reason_of(end, ixfr && full), .transfer = label, .facts = std::move(facts)};
}

}  // namespace twinzone::service
