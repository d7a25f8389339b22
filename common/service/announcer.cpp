#include "common/service/announcer.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/dns/extended_error.h"

namespace twinzone::service {

namespace {

// Of the attempts that get no answer; UDP may be closed where TCP is open (RFC 1996 §3.5).
constexpr unsigned kTcpEvery = 3;

}  // namespace

Announcer::Announcer(zone::VersionStore& store, const transfer::NotifyLimits& limits,
                     std::uint64_t seed, dns::NameTablePtr names)
    : store_(store), sender_(limits, seed), cookies_(seed + 1), names_(std::move(names)) {}

std::uint32_t Announcer::target_index(const config::RemotePtr& remote) {
    const auto [at, is_new] =
        target_index_.try_emplace(remote->name, static_cast<std::uint32_t>(targets_.size()));
    if (is_new) {
        targets_.push_back(remote);
    }
    targets_[at->second] = remote;  // its addresses or its key may be others now
    return at->second;
}

const std::vector<config::RemotePtr>& Announcer::told(std::uint32_t zone) const noexcept {
    static const std::vector<config::RemotePtr> kNobody;
    const config::SettingsPtr& settings = zones_[zone];
    return settings ? settings->notify : kNobody;
}

void Announcer::add_zone(const config::Zone& zone) {
    zones_.set(names_->add(zone.name), zone.settings());
}

void Announcer::put_zone(Now now, const config::Zone& zone) {
    const std::uint32_t number = names_->add(zone.name);
    const config::SettingsPtr before = zones_.set(number, zone.settings());
    if (!before) {
        return;
    }
    const auto names = [](const std::vector<config::RemotePtr>& remotes, const std::string& name) {
        return std::any_of(remotes.begin(), remotes.end(),
                           [&name](const config::RemotePtr& each) { return each->name == name; });
    };
    for (const config::RemotePtr& remote : before->notify) {
        if (!names(zone->notify, remote->name)) {
            forget(number, target_index(remote));
        }
    }
    std::vector<std::string> added;
    for (const config::RemotePtr& remote : zone->notify) {
        target_index(remote);  // its addresses or its key may be others now
        if (!names(before->notify, remote->name)) {
            added.push_back(remote->name);
        }
    }
    notify(now, zone.name, added);
}

void Announcer::remove_zone(dns::NameView name) {
    const std::optional<std::uint32_t> number = names_->find(name);
    if (!number) {
        return;
    }
    for (const config::RemotePtr& remote : told(*number)) {
        forget(*number, target_index(remote));
    }
    zones_.set(*number, nullptr);
}

// The target is owed nothing of this zone any more.
void Announcer::forget(std::uint32_t zone, std::uint32_t target) {
    sender_.forget(zone, target);
    drop_flight(zone, target);
    store_.forget_owed(names_->name(zone), targets_[target]->name);
}

void Announcer::resume_owed(Now now) {
    for (const zone::VersionStore::Owed& owed : store_.owed_notifies()) {
        const std::uint32_t zone = names_->add(owed.zone);
        const auto& remotes = told(zone);
        const auto remote = std::find_if(remotes.begin(), remotes.end(), [&](const auto& each) {
            return each->name == owed.remote;
        });
        const zone::ZoneState* state = store_.find(owed.zone);
        if (remote != remotes.end() && state != nullptr && state->version) {
            sender_.handle_owed(now.instant, zone, target_index(*remote), state->version->serial());
        } else {
            store_.forget_owed(owed.zone, owed.remote);
        }
    }
}

void Announcer::handle_published(Now now, dns::NameView name, const zone::Version& version) {
    const std::uint32_t zone = names_->add(name);
    for (const config::RemotePtr& remote : told(zone)) {
        sender_.handle_committed(now.instant, zone, target_index(remote), version.serial());
    }
}

void Announcer::notify(Now now, const dns::Name& name, std::span<const std::string> remotes) {
    const std::uint32_t zone = names_->add(name);
    const zone::ZoneState* state = store_.find(name);
    if (state == nullptr || !state->version) {
        return;
    }
    for (const config::RemotePtr& remote : told(zone)) {
        if (std::count(remotes.begin(), remotes.end(), remote->name) > 0) {
            sender_.handle_committed(now.instant, zone, target_index(remote),
                                     state->version->serial());
        }
    }
}

std::optional<FollowerAction> Announcer::poll_action(Now now) {
    while (actions_.empty()) {
        const std::optional<transfer::NotifyAction> action = sender_.poll_action(now.instant);
        if (!action) {
            return std::nullopt;
        }
        send(now, *action, action->attempt % kTcpEvery == 0);
    }
    std::optional<FollowerAction> action{std::move(actions_.front())};
    actions_.pop_front();
    return action;
}

void Announcer::send(Now now, const transfer::NotifyAction& action, bool wants_tcp) {
    const zone::ZoneState* state = store_.find(names_->name(action.zone));
    if (state == nullptr || !state->version) {
        return;  // the zone was dropped meanwhile; the sender tries again and then gives up
    }
    drop_flight(action.zone, action.target);
    const config::Remote& remote = *targets_[action.target];
    // A remote that only its own certificate names is told over UDP: a NOTIFY is but a hint, and
    // not all who ask over TLS listen there (RFC 9103 §7.1 leaves NOTIFY out).
    const bool over_tls = remote.tls && !remote.tls->server_name.empty();
    Flight flight;
    flight.zone = action.zone;
    flight.target = action.target;
    flight.id = action.id;
    flight.to = remote.addresses[(action.attempt - 1) % remote.addresses.size()];
    flight.over_udp = !over_tls && !wants_tcp;
    flight.edns = !plain_.contains(flight.to);
    std::optional<Bytes> message = message_of(now, state->version->soa, remote, flight);
    if (!message) {
        return;  // the sender tries again
    }
    events_.push_back(
        {.stage = action.attempt == 1 ? Announced::Stage::sent : Announced::Stage::unanswered,
         .zone = dns::Name{names_->name(action.zone)},
         .remote = remote.name,
         .endpoint = flight.to,
         .serial = state->version->serial(),
         .verdict = {},
         .error = {}});
    const AttemptId attempt{++last_attempt_};
    actions_.emplace_back(Ask{.attempt = attempt,
                              .to = flight.to,
                              .transport = flight.over_udp ? Transport::udp : Transport::tcp,
                              .message = std::move(*message),
                              .tls = over_tls ? remote.tls : nullptr,
                              .source = remote.source_for(flight.to)});
    by_pair_[{action.zone, action.target}] = attempt;
    flights_.emplace(attempt, std::move(flight));
}

// nullopt where it cannot be signed.
std::optional<Bytes> Announcer::message_of(Now now, const dns::SoaRecord& soa,
                                           const config::Remote& remote, Flight& flight) {
    dns::Message notify = transfer::notify_message(soa, flight.id);
    if (flight.edns) {
        notify.edns.emplace();
        if (flight.over_udp) {
            notify.edns->options.push_back(cookies_.at(flight.to)->option());
        }
    }
    Bytes message = notify.to_wire();
    if (remote.key) {
        flight.tsig.emplace(remote.key);
        if (!flight.tsig->sign_request(message, now.unix)) {
            return std::nullopt;
        }
    }
    return message;
}

// True where the answer is about the way we asked and not about the zone: it is asked anew.
bool Announcer::ask_otherwise(Now now, const Flight& flight, const dns::Message& answer) {
    const dns::Rcode rcode = answer.rcode();
    const bool wants_cookie = flight.over_udp && rcode == dns::Rcode::bad_cookie;
    // RFC 6891 §7: who does not know EDNS says so without it.
    const bool blames_edns = flight.edns && !answer.edns &&
                             (rcode == dns::Rcode::form_err || rcode == dns::Rcode::not_imp);
    if (!wants_cookie && !blames_edns) {
        return false;
    }
    if (blames_edns) {
        plain_.insert(flight.to);
    }
    const transfer::NotifyAction again{.zone = flight.zone,
                                       .target = flight.target,
                                       .id = flight.id,
                                       .serial = dns::Serial{0},
                                       .attempt = 1};
    send(now, again, wants_cookie || !flight.over_udp);
    return true;
}

void Announcer::drop_flight(std::uint32_t zone, std::uint32_t target) {
    const auto at = by_pair_.find({zone, target});
    if (at != by_pair_.end()) {
        actions_.emplace_back(Abandon{at->second});
        flights_.erase(at->second);
        by_pair_.erase(at);
    }
}

void Announcer::handle_failure(AttemptId attempt) {
    const auto at = flights_.find(attempt);
    if (at != flights_.end()) {
        by_pair_.erase({at->second.zone, at->second.target});
        flights_.erase(at);
    }
}

void Announcer::handle_message(Now now, AttemptId attempt, std::span<std::uint8_t> message) {
    const auto at = flights_.find(attempt);
    if (at == flights_.end() || message.size() < dns::kHeaderBytes) {
        return;
    }
    Flight& flight = at->second;
    const dns::Name zone{names_->name(flight.zone)};
    Announced event{.stage = Announced::Stage::answered,
                    .zone = zone,
                    .remote = targets_[flight.target]->name,
                    .endpoint = flight.to,
                    .serial = {},
                    .verdict = {},
                    .error = {}};
    if (flight.tsig) {
        const Result<std::size_t> checked = flight.tsig->verify(message, now.unix);
        if (!checked) {
            event.verdict = transfer::NotifyVerdict::retrying;
            event.error = checked.error();
            events_.push_back(std::move(event));
            drop_flight(flight.zone, flight.target);  // the sender's timer repeats it
            return;
        }
        message = message.first(*checked);
    }
    const Result<dns::Message> answer = dns::Message::parse(message);
    if (!answer || !answer->header.qr || answer->header.opcode != dns::Opcode::notify ||
        answer->header.id != flight.id) {
        return;
    }
    const bool with_cookie = flight.over_udp && flight.edns;
    if (with_cookie && !cookies_.at(flight.to)->accepts(answer->edns)) {
        return;
    }
    if (ask_otherwise(now, flight, *answer)) {
        return;
    }
    const std::optional<transfer::NotifyResult> result = sender_.handle_answer(
        now.instant, flight.zone, flight.target, answer->header.id, answer->rcode());
    if (!result) {
        return;
    }
    if (!result->still_owed) {
        store_.forget_owed(zone, event.remote);
    }
    event.serial = result->serial;
    event.verdict = result->verdict;
    if (result->verdict == transfer::NotifyVerdict::refused) {
        event.refusal = fmt::format("{}{}", dns::to_text(answer->rcode()),
                                    answer->edns ? extended_errors_text(*answer->edns) : "");
    }
    events_.push_back(std::move(event));
    drop_flight(flight.zone, flight.target);
}

std::optional<Announced> Announcer::poll_event() {
    if (events_.empty()) {
        return std::nullopt;
    }
    std::optional<Announced> event{std::move(events_.front())};
    events_.pop_front();
    return event;
}

}  // namespace twinzone::service
