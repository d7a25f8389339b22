#include "common/transfer/notify_receiver.h"

#include <algorithm>

#include "common/dns/soa.h"

namespace twinzone::transfer {

namespace {

// The SOA in the answer section (RFC 1996 §3.7). One that is no SOA of the zone is as good as none:
// it is only a hint.
std::optional<dns::Serial> hint_of(const dns::Message& notify) {
    for (const dns::Record& record : notify.answer) {
        if (record.type == dns::RrType::soa && record.owner == notify.question->name) {
            const Result<dns::SoaRecord> soa = dns::SoaRecord::parse(record.view());
            return soa ? std::optional{soa->serial} : std::nullopt;
        }
    }
    return std::nullopt;
}

NotifyDecision refuse(dns::Rcode rcode, std::string_view reason) {
    return {.answer = rcode, .check = {}, .hint = {}, .reason = reason};
}

// What is wrong with the form of it, if anything.
std::optional<NotifyDecision> refuse_form(const dns::Message& notify) {
    if (!notify.question) {
        return refuse(dns::Rcode::form_err, "no question");
    }
    if (notify.question->rr_class == dns::RrClass::any ||
        notify.question->rr_class == dns::RrClass::none) {
        return refuse(dns::Rcode::form_err, "no class of zones");
    }
    // RFC 9859 defines NOTIFY for CDS and CSYNC, which is for a parent's registry and not for us.
    if (notify.question->type != dns::RrType::soa) {
        return refuse(dns::Rcode::not_imp, "only NOTIFY of SOA is served");
    }
    if (notify.question->rr_class != dns::RrClass::in) {
        return refuse(dns::Rcode::not_auth, "only class IN is served");
    }
    return std::nullopt;
}

}  // namespace

dns::Message notify_answer(const dns::Message& notify, dns::Rcode rcode) {
    dns::Message answer;
    answer.header.id = notify.header.id;
    answer.header.qr = true;
    answer.header.opcode = dns::Opcode::notify;
    answer.header.aa = true;
    answer.header.rcode = rcode;
    answer.question = notify.question;
    return answer;
}

NotifyDecision NotifyReceiver::handle_notify(Instant now, const dns::Message& notify,
                                             const Peer& peer,
                                             const std::optional<NotifiedZone>& zone) {
    if (notify.header.qr) {
        return {.answer = {}, .check = {}, .hint = {}, .reason = "an answer, not a NOTIFY"};
    }
    if (std::optional<NotifyDecision> refused = refuse_form(notify)) {
        return *refused;
    }
    if (!zone) {
        return refuse(dns::Rcode::not_auth, "not a zone of ours");
    }
    if (!zone->rules->allows(peer)) {
        return refuse(dns::Rcode::refused, "sender may not notify");
    }
    const std::optional<dns::Serial> hint = hint_of(notify);
    const bool is_old = hint && zone->ours && !is_newer(*hint, *zone->ours);
    if (!admit(now, peer.address, is_old)) {
        return {.answer = {}, .check = {}, .hint = {}, .reason = "more than notify-rate"};
    }
    NotifyDecision decision{
        .answer = dns::Rcode::no_error, .check = Lane::notify, .hint = hint, .reason = "accepted"};
    if (!decision.hint) {
        return decision;
    }
    if (is_old) {
        // Most likely the second of several primaries, or a repetition. It is asked all the same
        // (its serial may have been set back), but not ahead of those that promise something.
        decision.check = Lane::refresh;
        return decision;
    }
    Announced& announced = announced_[zone->index];
    if (announced.serial != *decision.hint) {
        unschedule(zone->index, announced);
        announced = Announced{.serial = *decision.hint, .looks = 0, .again = {}};
    }
    return decision;
}

bool NotifyReceiver::handle_checked(Instant now, std::uint32_t zone,
                                    std::optional<dns::Serial> ours) {
    const auto found = announced_.find(zone);
    if (found == announced_.end()) {
        return false;
    }
    Announced& announced = found->second;
    if (ours && !is_newer(announced.serial, *ours)) {
        forget(zone);
        return false;
    }
    ++announced.looks;
    if (announced.looks >= kAnnouncedTries) {
        forget(zone);
        return true;
    }
    unschedule(zone, announced);
    announced.again = now + kAnnouncedRetry * (1U << (announced.looks - 1));
    order_.emplace(*announced.again, zone);
    return false;
}

void NotifyReceiver::forget(std::uint32_t zone) {
    if (const auto found = announced_.find(zone); found != announced_.end()) {
        unschedule(zone, found->second);
        announced_.erase(found);
    }
}

std::optional<NotifyCheck> NotifyReceiver::poll_action(Instant now) {
    if (order_.empty() || order_.begin()->first > now) {
        return std::nullopt;
    }
    const std::uint32_t zone = order_.begin()->second;
    Announced& announced = announced_.at(zone);
    unschedule(zone, announced);
    return NotifyCheck{zone, announced.serial};
}

std::optional<Instant> NotifyReceiver::next_timeout() const noexcept {
    return order_.empty() ? std::nullopt : std::optional{order_.begin()->first};
}

bool NotifyReceiver::admit(Instant now, const IpAddress& address, bool is_old) {
    // Only senders that a rule lets in get here, so the table fills up only where a rule is as wide
    // as a network; then everybody starts anew.
    if (sources_.size() >= kMaxNotifySources && !sources_.contains(address)) {
        sources_.clear();
    }
    const std::uint32_t burst = std::max(per_second_ / 10, 1U);
    const TokenBucket full{per_second_, burst};
    Source& source = sources_.try_emplace(address, Source{full, full}).first->second;
    return (is_old ? source.old : source.newer).take(now);
}

void NotifyReceiver::unschedule(std::uint32_t zone, Announced& announced) {
    if (announced.again) {
        order_.erase({*announced.again, zone});
        announced.again.reset();
    }
}

}  // namespace twinzone::transfer
