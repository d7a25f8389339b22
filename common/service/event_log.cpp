#include "common/service/event_log.h"

#include <fmt/format.h>

namespace twinzone::service {

namespace {

std::string_view kind_name(RefusalKind kind) {
    switch (kind) {
        case RefusalKind::bad_request: return "bad request";
        case RefusalKind::not_served: return "not served";
        case RefusalKind::unknown_zone: return "unknown zone";
        case RefusalKind::denied: return "denied";
        case RefusalKind::quota: return "quota";
        case RefusalKind::unavailable: return "unavailable";
        case RefusalKind::notify_refused: return "notify";
    }
    TWINZONE_UNREACHABLE();
}

Reason reason_of(RefusalKind kind) {
    switch (kind) {
        case RefusalKind::denied: return Reason::denied;
        case RefusalKind::quota: return Reason::turned_away;
        default: return Reason::unavailable;
    }
}

}  // namespace

void EventLog::record(Now now, const dns::Name& zone, const Decision& decision) {
    if (words_of(decision.reason).by_client) {
        record_by_client(now, zone, decision);
        return;
    }
    write(zone, decision, 0);
    book_.add(now.unix, zone, decision);
}

void EventLog::record_by_client(Now now, const dns::Name& zone, const Decision& decision) {
    const std::optional<std::uint64_t> dropped =
        limiter_.admit(words_of(decision.reason).name, now.instant);
    if (dropped) {
        write(zone, decision, *dropped);
        book_.add(now.unix, zone, decision);
    }
}

void EventLog::write(const dns::Name& zone, const Decision& decision, std::uint64_t dropped) {
    const ReasonWords& words = words_of(decision.reason);
    if (!log_.is_enabled(words.level)) {
        return;
    }
    std::string text = log_text(decision);
    if (dropped > 0) {
        text += fmt::format(" ({} more like this were not logged)", dropped);
    }
    std::vector<observe::Member> members = observe::event_members(decision.facts);
    members.insert(members.begin(), {"event", words.name});
    if (decision.transfer != TransferLabel::none) {
        members.push_back({"transfer", label_text(decision.transfer)});
    }
    log_.zone(words.level, zone.to_text(), text, members);
}

void EventLog::record(Now now, const FollowerEvent& event) {
    for (const Decision& decision : decisions_of(event)) {
        record(now, event.zone, decision);
    }
}

void EventLog::record(Now now, const Announced& announced) {
    record(now, announced.zone, decision_of(announced));
}

void EventLog::record(Now now, const ClientSession::TransferEnd& end) {
    record(now, end.transfer.zone(), decision_of(end));
}

void EventLog::turned_away(Now now, const Endpoint& peer, std::string_view limit) {
    log_.peer_fault(
        observe::Level::notice, limit,
        fmt::format("remote {}, connection closed: the limit {} is reached", peer.to_text(), limit),
        now.instant);
}

void EventLog::proxy_fault(Now now, const Endpoint& peer, std::string_view what) {
    log_.peer_fault(observe::Level::notice, "proxy",
                    fmt::format("remote {}, {}", peer.to_text(), what), now.instant);
}

void EventLog::record(Now now, const Refusal& refusal) {
    if (!refusal.zone) {
        log_.peer_fault(observe::Level::notice, kind_name(refusal.kind),
                        fmt::format("remote {}, {}", refusal.peer.to_text(), refusal.text),
                        now.instant);
        return;
    }
    observe::EventFacts facts;
    facts.remote = refusal.peer.to_text();
    facts.key = refusal.key;
    facts.tls = refusal.over_tls;
    facts.detail = refusal.why;
    record(now, *refusal.zone,
           Decision{.reason = reason_of(refusal.kind),
                    .transfer = refusal.type == dns::RrType::axfr ? TransferLabel::axfr
                                                                  : TransferLabel::ixfr,
                    .facts = std::move(facts)});
}

}  // namespace twinzone::service
