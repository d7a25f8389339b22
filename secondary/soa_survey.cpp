#include "secondary/soa_survey.h"

#include <fmt/format.h>

#include "common/base/assert.h"
#include "common/service/soa_question.h"

namespace twinzone::secondary {

namespace {

using service::AttemptId;
using service::SoaQuestion;
using service::Transport;

// A datagram may be lost, and UDP may be closed where TCP is open.
struct Try {
    Transport transport;
    Duration patience;
};
constexpr std::array<Try, 3> kTries = {
    {{Transport::udp, seconds{1}}, {Transport::udp, seconds{2}}, {Transport::tcp, seconds{5}}}};
constexpr std::size_t kTcpTry = 2;

// Questions under way at one time: sockets of ours, work of theirs.
constexpr std::size_t kMaxQuestions = 64;

bool is_silence(const Error& error) {
    return error.code() == Errc::peer_unreachable || error.code() == Errc::network;
}

}  // namespace

struct SoaSurvey::Zone {
    struct Primary {
        config::RemotePtr remote;
        Endpoint endpoint;
    };

    dns::Name name;
    std::optional<dns::Serial> ours;
    bool takes_lower = false;
    std::vector<Primary> primaries;
    std::size_t primary = 0;  // the one that is asked
    std::size_t tries = 0;    // at it, before this one
    bool edns = true;
    std::vector<Tried> tried;
};

struct SoaSurvey::Exchange {
    std::size_t zone = 0;
    Instant deadline;
    SoaQuestion question;
};

SoaSurvey::SoaSurvey(std::uint64_t seed) : random_(seed) {}
SoaSurvey::~SoaSurvey() = default;

void SoaSurvey::add(const config::Zone& settings, std::optional<dns::Serial> ours) {
    auto zone = std::make_unique<Zone>();
    zone->name = settings.name;
    zone->ours = ours;
    zone->takes_lower = settings->on_lower_serial == config::OnLowerSerial::adopt;
    for (const config::RemotePtr& remote : settings->primaries) {
        for (const Endpoint& endpoint : remote->addresses) {
            zone->primaries.push_back({.remote = remote, .endpoint = endpoint});
        }
    }
    TWINZONE_ASSERT(!zone->primaries.empty());
    waiting_.push_back(zones_.size());
    zones_.push_back(std::move(zone));
}

std::optional<service::FollowerAction> SoaSurvey::poll_action(Now now) {
    while (!waiting_.empty() && exchanges_.size() < kMaxQuestions) {
        const std::size_t zone = waiting_.front();
        waiting_.pop_front();
        ask(now, zone);
    }
    std::optional<service::FollowerAction> action;
    if (!actions_.empty()) {
        action = std::move(actions_.front());
        actions_.pop_front();
    }
    return action;
}

std::optional<SoaSurvey::Answer> SoaSurvey::poll_answer() {
    std::optional<Answer> answer;
    if (!answers_.empty()) {
        answer = std::move(answers_.front());
        answers_.pop_front();
    }
    return answer;
}

void SoaSurvey::ask(Now now, std::size_t index) {
    Zone& zone = *zones_[index];
    const Zone::Primary& primary = zone.primaries[zone.primary];
    if (silent_.contains(primary.endpoint)) {
        ask_next(now, index, Error{Errc::peer_unreachable, "does not answer for any zone"});
        return;
    }
    const config::TlsPtr& tls = primary.remote->tls;  // then never in the clear
    const Try& form = tls ? kTries.back() : kTries.at(zone.tries);
    auto exchange = std::make_unique<Exchange>(
        Exchange{.zone = index,
                 .deadline = now.instant + form.patience,
                 .question = {zone.name, random_.message_id(), primary.remote->key, zone.edns}});
    Result<Bytes> message =
        exchange->question.message(now.unix, transfer::carrier_of(form.transport, tls != nullptr));
    if (!message) {
        ask_next(now, index, message.error());
        return;
    }
    const AttemptId attempt{++last_attempt_};
    actions_.emplace_back(service::Ask{.attempt = attempt,
                                       .to = primary.endpoint,
                                       .transport = form.transport,
                                       .message = std::move(*message),
                                       .tls = tls,
                                       .source = primary.remote->source_for(primary.endpoint)});
    deadlines_.emplace(exchange->deadline, attempt);
    exchanges_.emplace(attempt, std::move(exchange));
}

std::unique_ptr<SoaSurvey::Exchange> SoaSurvey::end(AttemptId attempt) {
    auto node = exchanges_.extract(attempt);
    TWINZONE_ASSERT(!node.empty());
    deadlines_.erase({node.mapped()->deadline, attempt});
    actions_.emplace_back(service::Abandon{attempt});
    return std::move(node.mapped());
}

void SoaSurvey::handle_message(Now now, AttemptId attempt, std::span<std::uint8_t> message) {
    const auto at = exchanges_.find(attempt);
    if (at == exchanges_.end()) {
        return;
    }
    const Result<std::optional<SoaQuestion::Answer>> answer =
        at->second->question.handle_message(message, now.unix);
    if (answer && !*answer) {
        return;  // not an answer to this question
    }
    const std::size_t index = end(attempt)->zone;
    if (!answer) {
        ask_next(now, index, answer.error());
        return;
    }
    switch ((*answer)->kind) {
        case SoaQuestion::Answer::Kind::edns_refused:
            zones_[index]->edns = false;
            ask(now, index);
            return;
        case SoaQuestion::Answer::Kind::truncated:
            zones_[index]->tries = kTcpTry;
            ask(now, index);
            return;
        case SoaQuestion::Answer::Kind::soa: judge(now, index, (*answer)->soa->serial); return;
    }
}

void SoaSurvey::handle_failure(Now now, AttemptId attempt, const Error& error) {
    if (!exchanges_.contains(attempt)) {
        return;
    }
    const std::size_t index = end(attempt)->zone;
    if (is_silence(error)) {
        handle_silence(now, index, error);
    } else {
        ask_next(now, index, error);
    }
}

void SoaSurvey::handle_timeout(Now now) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now.instant) {
        const std::size_t index = end(deadlines_.begin()->second)->zone;
        handle_silence(now, index, Error{Errc::peer_unreachable, "no answer to the SOA query"});
    }
}

std::optional<Instant> SoaSurvey::next_timeout() const {
    return deadlines_.empty() ? std::nullopt : std::optional{deadlines_.begin()->first};
}

void SoaSurvey::handle_silence(Now now, std::size_t index, const Error& why) {
    Zone& zone = *zones_[index];
    if (++zone.tries < kTries.size()) {
        ask(now, index);
        return;
    }
    silent_.insert(zone.primaries[zone.primary].endpoint);
    ask_next(now, index, why);
}

void SoaSurvey::ask_next(Now now, std::size_t index, const Error& why) {
    Zone& zone = *zones_[index];
    const Endpoint& from = zone.primaries[zone.primary].endpoint;
    zone.tried.push_back({.remote = from.to_text(), .what = why.detail()});
    if (zone.primary + 1 == zone.primaries.size()) {
        finish(index, std::nullopt,
               Error{why.code(), fmt::format("{}: {}", from.to_text(), why.detail())});
        return;
    }
    ++zone.primary;
    zone.tries = 0;
    zone.edns = true;
    ask(now, index);
}

void SoaSurvey::judge(Now now, std::size_t index, dns::Serial theirs) {
    const Zone& zone = *zones_[index];
    const dns::SerialOrder order =
        zone.ours ? dns::compare(theirs, *zone.ours) : dns::SerialOrder::newer;
    if (order == dns::SerialOrder::newer || order == dns::SerialOrder::equal || zone.takes_lower) {
        finish(index, theirs, std::nullopt);
        return;
    }
    ask_next(
        now, index,
        Error{Errc::zone_policy,
              fmt::format("has serial {}, {} ours {}: refused by on-lower-serial", theirs.value(),
                          order == dns::SerialOrder::older ? "older than" : "incomparable with",
                          zone.ours->value())});
}

void SoaSurvey::finish(std::size_t index, std::optional<dns::Serial> theirs,
                       std::optional<Error> error) {
    Zone& zone = *zones_[index];
    answers_.push_back({.zone = index,
                        .from = zone.primaries[zone.primary].endpoint,
                        .theirs = theirs,
                        .error = std::move(error),
                        .tried = std::move(zone.tried)});
}

}  // namespace twinzone::secondary
