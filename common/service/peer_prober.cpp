#include "common/service/peer_prober.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace twinzone::service {

namespace {

constexpr unsigned kMaxStepsPerPoll = 1024;
constexpr std::uint32_t kMaxDoublings = 16;

// Room for so many pairs is kept while all are settled.
constexpr std::size_t kKeptItems = 1024;

// Where all places are taken: when to look again.
constexpr Duration kNoPlace = milliseconds{50};

// AA in the header's third octet (RFC 1035 §4.1.1): a resolver's copy proves nothing.
constexpr std::size_t kFlagsOffset = 2;
constexpr std::uint8_t kAuthoritative = 0x04;

bool is_authoritative(std::span<const std::uint8_t> message) {
    return message.size() > kFlagsOffset && (message[kFlagsOffset] & kAuthoritative) != 0;
}

}  // namespace

PeerProber::PeerProber(const ProberLimits& limits, std::uint64_t seed, dns::NameTablePtr names)
    : limits_(limits), random_(seed), cookies_(seed + 1), names_(std::move(names)) {}

void PeerProber::add_zone(const config::Zone& zone) {
    zones_.set(names_->add(zone.name), zone.settings());
}

void PeerProber::remove_zone(const dns::Name& zone) {
    const std::uint32_t number = names_->add(zone);
    while (first_[number] != 0) {
        drop_item(first_[number] - 1);
    }
    hurried_.erase(number);
    zones_.set(number, nullptr);
}

std::optional<std::uint32_t> PeerProber::find(std::uint32_t zone, std::string_view remote) const {
    std::uint32_t at = first_[zone];
    while (at != 0 && remote_of(items_[at - 1]).name != remote) {
        at = items_[at - 1].next;
    }
    return at == 0 ? std::nullopt : std::optional{at - 1};
}

std::uint32_t PeerProber::add_item(std::uint32_t zone, std::uint32_t place) {
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(items_.size()));
        items_.emplace_back();
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    Item& item = items_[index];
    item.zone = zone;
    item.place = place;
    item.next = std::exchange(first_.at(zone), index + 1);
    return index;
}

void PeerProber::drop_item(std::uint32_t index) {
    Item& item = items_[index];
    end_flight(item);
    due_.erase(index);
    std::uint32_t* link = &first_.at(item.zone);
    while (*link != index + 1) {
        link = &items_[*link - 1].next;
    }
    *link = item.next;
    item = Item{};
    free_.push_back(index);
    if (free_.size() == items_.size() && items_.size() > kKeptItems) {
        std::vector<Item>{}.swap(items_);
        std::vector<std::uint32_t>{}.swap(free_);
        due_ = transfer::DueQueue{};
    }
}

void PeerProber::want(Now now, const dns::Name& zone, std::string_view remote, Duration in) {
    const std::uint32_t number = names_->add(zone);
    const config::SettingsPtr& settings = zones_[number];
    if (!settings) {
        return;
    }
    const std::vector<config::RemotePtr>& told = settings->notify;
    const auto named = std::find_if(told.begin(), told.end(), [&](const config::RemotePtr& each) {
        return each->name == remote;
    });
    if (named == told.end()) {
        return;
    }
    const std::optional<std::uint32_t> known = find(number, remote);
    const std::uint32_t index =
        known ? *known : add_item(number, static_cast<std::uint32_t>(named - told.begin()));
    Item& item = items_[index];
    item.tries = 0;
    if (item.flight == AttemptId{}) {
        item.booked = false;
        const Instant at = now.instant + in;
        due_.set(index, due_.contains(index) ? std::min(at, due_.due(index)) : at);
    }
}

void PeerProber::want_all(Now now, const dns::Name& zone, Duration in) {
    if (const config::SettingsPtr settings = zones_[names_->add(zone)]) {
        for (const config::RemotePtr& remote : settings->notify) {
            want(now, zone, remote->name, in);
        }
    }
}

void PeerProber::settle(const dns::Name& zone, std::string_view remote) {
    if (const std::optional<std::uint32_t> index = find(names_->add(zone), remote)) {
        drop_item(*index);
    }
}

void PeerProber::hurry(Now now, const dns::Name& zone, bool hurried) {
    const std::uint32_t number = names_->add(zone);
    if (!hurried || !zones_[number]) {
        hurried_.erase(number);
        return;
    }
    hurried_.insert(number);
    want_all(now, zone, Duration{0});
}

transfer::TokenBucket& PeerProber::bucket(const std::string& remote) {
    return buckets_.try_emplace(remote, limits_.per_second, std::max(limits_.per_second / 10, 1U))
        .first->second;
}

std::optional<FollowerAction> PeerProber::poll_action(Now now) {
    for (unsigned steps = 0; actions_.empty() && steps < kMaxStepsPerPoll; ++steps) {
        const std::optional<std::uint32_t> index = due_.pop_due(now.instant);
        if (!index) {
            return std::nullopt;
        }
        step(now, *index);
    }
    if (actions_.empty()) {
        return std::nullopt;
    }
    std::optional<FollowerAction> action{std::move(actions_.front())};
    actions_.pop_front();
    return action;
}

// What a due item does: give an unanswered question up, book a token, or ask.
void PeerProber::step(Now now, std::uint32_t index) {
    Item& item = items_[index];
    if (item.flight != AttemptId{}) {
        const Endpoint to = flights_.at(item.flight).to;
        answered(now, index, to, std::nullopt, "no answer to a SOA query");
        return;
    }
    if (!item.booked &&
        !hurried_.contains(item.zone)) {  // who waits is few, and does not stand behind the many
        item.booked = true;
        const Instant at = bucket(remote_of(item).name).reserve(now.instant);
        if (at > now.instant) {
            due_.set(index, at);
            return;
        }
    }
    if (flights_.size() >= limits_.questions) {
        due_.set(index, now.instant + kNoPlace);
        return;
    }
    ask(now, index, Transport::udp);
}

void PeerProber::ask(Now now, std::uint32_t index, Transport transport) {
    Item& item = items_[index];
    item.booked = false;
    const config::Remote& remote = remote_of(item);
    const Endpoint to = remote.addresses[item.tries % remote.addresses.size()];
    // As with NOTIFY: a remote that only its own certificate names is asked in the clear.
    const bool over_tls = remote.tls && !remote.tls->server_name.empty();
    const bool with_cookie = !over_tls && transport == Transport::udp;
    SoaQuestion question{dns::Name{names_->name(item.zone)}, random_.message_id(), remote.key,
                         !plain_.contains(remote.name), with_cookie ? cookies_.fresh(to) : nullptr};
    Result<Bytes> message = question.message(now.unix, transfer::carrier_of(transport, over_tls));
    if (!message) {
        answered(now, index, to, std::nullopt, message.error().detail());
        return;
    }
    item.flight = AttemptId{++last_attempt_};
    actions_.emplace_back(Ask{.attempt = item.flight,
                              .to = to,
                              .transport = over_tls ? Transport::tcp : transport,
                              .message = std::move(*message),
                              .tls = over_tls ? remote.tls : nullptr,
                              .source = remote.source_for(to)});
    flights_.emplace(
        item.flight,
        Flight{.item = index, .to = to, .question = std::move(question), .transport = transport});
    due_.set(index, now.instant + limits_.answer);
}

void PeerProber::ask_again(Now now, std::uint32_t index, Transport transport) {
    end_flight(items_[index]);
    ask(now, index, transport);
}

void PeerProber::end_flight(Item& item) {
    if (item.flight != AttemptId{}) {
        actions_.emplace_back(Abandon{item.flight});
        flights_.erase(item.flight);
        item.flight = AttemptId{};
    }
}

void PeerProber::answered(Now now, std::uint32_t index, const Endpoint& from,
                          std::optional<dns::Serial> serial, std::string problem) {
    Item& item = items_[index];
    end_flight(item);
    back_off(now, index);
    events_.push_back({.zone = dns::Name{names_->name(item.zone)},
                       .remote = remote_of(item).name,
                       .endpoint = from,
                       .serial = serial,
                       .problem = std::move(problem)});
}

void PeerProber::back_off(Now now, std::uint32_t index) {
    Item& item = items_[index];
    const bool hurried = hurried_.contains(item.zone);
    const Duration first = hurried ? Duration{limits_.hurried_retry} : limits_.first_retry;
    const Duration most =
        hurried ? Duration{limits_.max_hurried_retry} : Duration{limits_.max_retry};
    const Duration pause =
        first * (std::int64_t{1} << std::min(std::uint32_t{item.tries}, kMaxDoublings));
    if (item.tries < std::numeric_limits<std::uint16_t>::max()) {
        ++item.tries;
    }
    due_.set(index, now.instant + std::min(pause, most));
}

void PeerProber::handle_message(Now now, AttemptId attempt, std::span<std::uint8_t> message) {
    const auto at = flights_.find(attempt);
    if (at == flights_.end()) {
        return;
    }
    Flight& flight = at->second;
    const std::uint32_t index = flight.item;
    const Endpoint from = flight.to;
    const bool authoritative = is_authoritative(message);
    const Result<std::optional<SoaQuestion::Answer>> answer =
        flight.question.handle_message(message, now.unix);
    if (!answer) {
        answered(now, index, from, std::nullopt, answer.error().detail());
        return;
    }
    if (!*answer) {
        return;
    }
    using Kind = SoaQuestion::Answer::Kind;
    switch ((*answer)->kind) {
        case Kind::edns_refused:
            plain_.insert(remote_of(items_[index]).name);
            ask_again(now, index, flight.transport);
            return;
        case Kind::truncated: ask_again(now, index, Transport::tcp); return;
        case Kind::soa: break;
    }
    if (!authoritative) {
        answered(now, index, from, std::nullopt, "its answer to a SOA query is not authoritative");
        return;
    }
    answered(now, index, from, (*answer)->soa->serial, {});
}

void PeerProber::handle_failure(Now now, AttemptId attempt, const Error& error) {
    const auto at = flights_.find(attempt);
    if (at != flights_.end()) {
        const Endpoint from = at->second.to;  // the flight ends in answered()
        answered(now, at->second.item, from, std::nullopt, error.detail());
    }
}

std::optional<PeerAnswer> PeerProber::poll_event() {
    if (events_.empty()) {
        return std::nullopt;
    }
    std::optional<PeerAnswer> event{std::move(events_.front())};
    events_.pop_front();
    return event;
}

}  // namespace twinzone::service
