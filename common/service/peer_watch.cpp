#include "common/service/peer_watch.h"

#include <algorithm>

namespace twinzone::service {

namespace {

// Between the answer to a NOTIFY and the first look whether the peer followed: a transfer and a
// commit of a small zone take less.
constexpr Duration kAfterNotify = milliseconds{300};

// Between the end of a transfer and the first look: the peer still has to take it into service.
constexpr Duration kAfterTransfer = milliseconds{100};

// At the start peers of whom nothing is known are asked over this time at least, and no more of
// them in a second: half of what the rate allows, so that the rest is for news.
constexpr seconds kStartSpread{10};
constexpr std::size_t kUnknownPerSecond = 500;

// What peers serve is asked for status alone: however fast a remote may be asked, after a first
// sync of very many zones this must not take the time of what they are still to fetch.
constexpr std::uint32_t kMaxQuestionsPerSecond = 1000;

ProberLimits prober_limits(const config::Limits& limits) {
    ProberLimits out;
    out.per_second = limits.soa_rate == 0 ? kMaxQuestionsPerSecond
                                          : std::min(limits.soa_rate, kMaxQuestionsPerSecond);
    return out;
}

}  // namespace

PeerWatch::PeerWatch(net::Loop& loop, zone::VersionStore& store, EventLog& events,
                     const config::Config& config, std::uint64_t seed,
                     const dns::NameTablePtr& names)
    : loop_(loop),
      store_(store),
      events_(events),
      random_(seed),
      ledger_(
          config.remotes,
          [this](dns::NameView zone, dns::Serial held) { return first_lacked(zone, held); }, names),
      prober_(prober_limits(config.limits), seed + 1, names),
      names_(names),
      asker_(loop, {.on_connected = {},
                    .on_message =
                        [this](AttemptId attempt, std::span<std::uint8_t> message) {
                            prober_.handle_message(loop_.now(), attempt, message);
                            kick();
                        },
                    .on_failure =
                        [this](AttemptId attempt, const Error& error) {
                            prober_.handle_failure(loop_.now(), attempt, error);
                            kick();
                        }}),
      timer_(loop),
      unknown_timer_(loop) {}

void PeerWatch::add_zone(const config::Zone& settings) {
    ledger_.add_zone(settings, served(settings.name));
    prober_.add_zone(settings);
    if (!is_started_ && !settings->notify.empty()) {
        unknown_.push_back(names_->add(settings.name));
        unknown_peers_ += settings->notify.size();
    }
}

void PeerWatch::remove_zone(const dns::Name& zone) {
    ledger_.remove_zone(zone);
    hurried_.erase(zone);
    prober_.remove_zone(zone);
    kick();
}

void PeerWatch::put_zone(const config::Zone& settings) {
    const bool hurried = hurried_.contains(settings.name);
    remove_zone(settings.name);
    ledger_.add_zone(settings, served(settings.name));
    prober_.add_zone(settings);
    if (served(settings.name)) {
        for (const config::RemotePtr& remote : settings->notify) {
            prober_.want(loop_.now(), settings.name, remote->name, kAfterNotify);
        }
    }
    if (hurried) {
        hurry(settings.name, true);
    }
    kick();
}

void PeerWatch::start() {
    for (const zone::VersionStore::Owed& owed : store_.owed_notifies()) {
        const zone::ZoneState* state = store_.find(owed.zone);
        if (state != nullptr && state->version) {
            ledger_.handle_owed(owed.zone, owed.remote, state->timers.last_success);
        }
    }
    is_started_ = true;
    const std::size_t spread =
        static_cast<std::size_t>(kStartSpread.count()) + unknown_peers_ / kUnknownPerSecond;
    unknown_share_ = unknown_.size() / spread + 1;
    ask_unknown();
}

// A second's share of them; all at once they would fill the prober for minutes.
void PeerWatch::ask_unknown() {
    const auto second = static_cast<std::uint64_t>(Duration{seconds{1}}.count());
    for (std::size_t i = 0; i < unknown_share_ && !unknown_.empty(); ++i) {
        const dns::Name zone{names_->name(unknown_.back())};
        unknown_.pop_back();
        if (served(zone)) {
            prober_.want_all(loop_.now(), zone,
                             Duration{static_cast<std::int64_t>(random_.below(second))});
        }
    }
    if (unknown_.empty()) {
        std::vector<std::uint32_t>{}.swap(unknown_);
    } else {
        unknown_timer_.arm_after(seconds{1}, [this] { ask_unknown(); });
    }
    kick();
}

std::optional<dns::Serial> PeerWatch::served(const dns::Name& zone) const {
    const zone::ZoneState* state = store_.find(zone);
    return state != nullptr && state->version ? std::optional{state->version->serial()}
                                              : std::nullopt;
}

// The step that leads away from what the peer holds says since when it lacks something.
std::optional<UnixTime> PeerWatch::first_lacked(dns::NameView zone, dns::Serial held) const {
    const Result<std::shared_ptr<const zone::Snapshot>> snapshot = store_.snapshot(zone);
    if (!snapshot) {
        return std::nullopt;
    }
    const Result<std::optional<std::vector<zone::HistoryStep>>> steps = (*snapshot)->history(held);
    if (!steps || !steps->has_value() || (*steps)->empty()) {
        return std::nullopt;
    }
    return (*steps)->front().committed;
}

void PeerWatch::handle_published(const dns::Name& zone, dns::Serial serial) {
    ledger_.handle_published(loop_.now().unix, zone, serial);
    if (hurried_.contains(zone)) {
        prober_.hurry(loop_.now(), zone, true);
        kick();
    }
    if (on_change_) {
        on_change_(zone);
    }
}

// A peer that will not be told may follow all the same.
void PeerWatch::handle_announced(const Announced& announced) {
    if (announced.stage != Announced::Stage::answered || announced.error) {
        return;
    }
    const Now now = loop_.now();
    if (announced.verdict == transfer::NotifyVerdict::delivered) {
        ledger_.handle_acknowledged(now.unix, announced.zone, announced.remote, announced.serial);
    }
    if (!ledger_.is_confirmed(announced.zone, announced.remote)) {
        prober_.want(now, announced.zone, announced.remote, kAfterNotify);
        kick();
    }
}

void PeerWatch::handle_contact(const Contact& contact) {
    ledger_.handle_contact(loop_.now().unix, contact);
}

void PeerWatch::handle_transfer_end(const ClientSession::TransferEnd& end) {
    if (end.error) {
        return;
    }
    const Now now = loop_.now();
    const OutgoingTransfer& transfer = end.transfer;
    const Contact contact{.zone = transfer.zone(),
                          .peer = transfer.request().source().peer,
                          .key = transfer.request().key(),
                          .type = transfer.request().question().type,
                          .serial = transfer.from()};
    const bool gave = transfer.writer().plan() != transfer::TransferPlan::single_soa;
    // Whether a datagram came to its end, only the peer can say.
    const bool took = gave && transfer.request().source().transport == Transport::tcp;
    const std::vector<std::string> remotes =
        took   ? ledger_.handle_taken(now.unix, contact, transfer.serial())
        : gave ? ledger_.handle_contact(now.unix, contact)
               : std::vector<std::string>{};
    for (const std::string& remote : remotes) {
        if (!ledger_.is_confirmed(contact.zone, remote)) {
            prober_.want(now, contact.zone, remote, kAfterTransfer);
        }
    }
    kick();
}

std::vector<control::PeerStatus> PeerWatch::peers(const dns::Name& zone) const {
    return ledger_.peers(loop_.now().unix, zone);
}

void PeerWatch::hurry(const dns::Name& zone, bool hurried) {
    if (hurried) {
        hurried_.insert(zone);
    } else {
        hurried_.erase(zone);
    }
    prober_.hurry(loop_.now(), zone, hurried);
    kick();
}

void PeerWatch::handle_answer(const PeerAnswer& answer) {
    const Now now = loop_.now();
    const bool was_confirmed = ledger_.is_confirmed(answer.zone, answer.remote);
    ledger_.handle_answer(now.unix, answer.zone, answer.remote, answer.serial, answer.problem);
    const bool confirmed = ledger_.is_confirmed(answer.zone, answer.remote);
    if (confirmed) {
        prober_.settle(answer.zone, answer.remote);
    }
    const std::optional<dns::Serial> ours = served(answer.zone);
    observe::EventFacts facts;
    facts.remote = answer.endpoint.to_text();
    facts.name = answer.remote;
    facts.to = answer.serial;
    facts.detail = answer.problem;
    if (!answer.serial) {
        events_.record(now, answer.zone, Reason::peer_unanswered, std::move(facts));
    } else if (confirmed && !was_confirmed) {
        events_.record(now, answer.zone, Reason::peer_in_step, std::move(facts));
    } else if (!confirmed && ours) {
        facts.from = ours;
        const bool behind = dns::is_newer(*ours, *answer.serial);
        events_.record(now, answer.zone, behind ? Reason::peer_behind : Reason::peer_elsewhere,
                       std::move(facts));
    }
    if (on_change_) {
        on_change_(answer.zone);
    }
}

void PeerWatch::kick() {
    while (std::optional<FollowerAction> action = prober_.poll_action(loop_.now())) {
        asker_.run(std::move(*action));
    }
    while (const std::optional<PeerAnswer> answer = prober_.poll_event()) {
        handle_answer(*answer);
    }
    while (std::optional<FollowerAction> action = prober_.poll_action(loop_.now())) {
        asker_.run(std::move(*action));
    }
    if (const std::optional<Instant> next = prober_.next_timeout()) {
        timer_.arm(*next, [this] { kick(); });
    }
}

}  // namespace twinzone::service
