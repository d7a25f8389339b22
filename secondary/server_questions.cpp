#include "secondary/server_questions.h"

#include <utility>

#include <fmt/format.h>

#include "common/base/assert.h"
#include "common/service/soa_question.h"
#include "common/transfer/notify_sender.h"

namespace twinzone::secondary {

namespace {

using service::AttemptId;
using service::SoaQuestion;
using service::Transport;

// The server is on this machine or near it; who asks again is the hand-over.
constexpr Duration kUdpPatience = seconds{1};
constexpr Duration kTcpPatience = seconds{5};
constexpr Duration kNotifyPatience = seconds{5};

// A key may be meant for NOTIFY and transfers alone: Knot then takes a signed query for a wrong
// one, and CoreDNS answers it without a signature. What the server tells anyone is what we want to
// know.
bool is_about_signed_queries(Errc code) noexcept {
    return code == Errc::tsig_bad_key || code == Errc::tsig_missing;
}

}  // namespace

struct ServerQuestions::Exchange {
    Target target;
    AttemptId attempt{};
    Instant deadline;
    Form form;
    std::optional<SoaQuestion> question;  // absent: a NOTIFY
    std::uint16_t notify_id = 0;
    std::optional<dns::TsigClient> notify_tsig;
};

ServerQuestions::ServerQuestions(std::uint64_t seed) : random_(seed) {}
ServerQuestions::~ServerQuestions() = default;

void ServerQuestions::ask_serial(Now now, const Target& target) {
    TWINZONE_ASSERT(!asking_.contains(target.zone));
    ask(now, target, {.is_signed = !unsigned_.contains(target.server->addresses.front())});
}

void ServerQuestions::ask(Now now, const Target& target, Form form) {
    auto exchange = std::make_unique<Exchange>();
    exchange->target = target;
    exchange->form = form;
    const bool is_one_packet = form.transport == Transport::udp && !target.server->tls;
    exchange->deadline = now.instant + (is_one_packet ? kUdpPatience : kTcpPatience);
    exchange->question.emplace(target.name, random_.message_id(),
                               form.is_signed ? target.server->key : nullptr, form.edns);
    Result<Bytes> message = exchange->question->message(now.unix);
    launch(std::move(exchange), std::move(message));
}

void ServerQuestions::notify(Now now, const Target& target, const dns::SoaRecord& soa) {
    if (const auto at = notifying_.find(target.zone); at != notifying_.end()) {
        end(at->second);
    }
    auto exchange = std::make_unique<Exchange>();
    exchange->target = target;
    exchange->deadline = now.instant + kNotifyPatience;
    exchange->notify_id = random_.message_id();
    Bytes message = transfer::notify_message(soa, exchange->notify_id).to_wire();
    if (target.server->key) {
        exchange->notify_tsig.emplace(target.server->key);
        if (!exchange->notify_tsig->sign_request(message, now.unix)) {
            return;  // it is repeated
        }
    }
    launch(std::move(exchange), std::move(message));
}

void ServerQuestions::launch(std::unique_ptr<Exchange> exchange, Result<Bytes> message) {
    const std::uint32_t zone = exchange->target.zone;
    if (!message) {
        served_.push_back({zone, fail(std::move(message).error())});
        return;
    }
    const AttemptId attempt{++last_attempt_};
    exchange->attempt = attempt;
    const config::Remote& server = *exchange->target.server;
    const bool over_tls = server.tls && !server.tls->server_name.empty();
    actions_.emplace_back(
        service::Ask{.attempt = attempt,
                     .to = server.addresses.front(),
                     .transport = over_tls ? Transport::tcp : exchange->form.transport,
                     .message = std::move(*message),
                     .tls = over_tls ? server.tls : nullptr,
                     .source = server.source_for(server.addresses.front())});
    (exchange->question ? asking_ : notifying_).insert_or_assign(zone, attempt);
    deadlines_.emplace(exchange->deadline, attempt);
    exchanges_.emplace(attempt, std::move(exchange));
}

std::unique_ptr<ServerQuestions::Exchange> ServerQuestions::end(AttemptId attempt) {
    auto node = exchanges_.extract(attempt);
    TWINZONE_ASSERT(!node.empty());
    const Exchange& exchange = *node.mapped();
    (exchange.question ? asking_ : notifying_).erase(exchange.target.zone);
    deadlines_.erase({exchange.deadline, attempt});
    actions_.emplace_back(service::Abandon{attempt});
    return std::move(node.mapped());
}

void ServerQuestions::forget(std::uint32_t zone) {
    for (const auto* by_zone : {&asking_, &notifying_}) {
        if (const auto at = by_zone->find(zone); at != by_zone->end()) {
            end(at->second);
        }
    }
    std::erase_if(served_, [zone](const Served& served) { return served.zone == zone; });
    std::erase_if(refused_, [zone](const NotifyRefused& refused) { return refused.zone == zone; });
}

void ServerQuestions::handle_message(Now now, AttemptId attempt, std::span<std::uint8_t> message) {
    const auto at = exchanges_.find(attempt);
    if (at == exchanges_.end()) {
        return;
    }
    if (at->second->question) {
        handle_soa(now, attempt, message);
    } else {
        handle_notify_answer(now, attempt, message);
    }
}

void ServerQuestions::handle_soa(Now now, AttemptId attempt, std::span<std::uint8_t> message) {
    Result<std::optional<SoaQuestion::Answer>> answer =
        exchanges_.at(attempt)->question->handle_message(message, now.unix);
    if (answer && !*answer) {
        return;  // not an answer to this question
    }
    const std::unique_ptr<Exchange> exchange = end(attempt);
    const std::uint32_t zone = exchange->target.zone;
    Form form = exchange->form;
    if (!answer && form.is_signed && is_about_signed_queries(answer.error().code())) {
        unsigned_.insert(exchange->target.server->addresses.front());
        form.is_signed = false;
        ask(now, exchange->target, form);
        return;
    }
    if (!answer) {
        served_.push_back({zone, fail(std::move(answer).error())});
        return;
    }
    switch ((*answer)->kind) {
        case SoaQuestion::Answer::Kind::truncated: form.transport = Transport::tcp; break;
        case SoaQuestion::Answer::Kind::edns_refused: form.edns = false; break;
        case SoaQuestion::Answer::Kind::soa:
            if ((*answer)->is_authoritative) {
                served_.push_back({zone, (*answer)->soa->serial});
            } else {
                served_.push_back(
                    {zone, fail(Errc::message_unexpected, "SOA query answered without authority")});
            }
            return;
    }
    if (form.transport == exchange->form.transport && form.edns == exchange->form.edns) {
        served_.push_back(
            {zone, fail(Errc::message_unexpected, "SOA query answered with a cut message")});
        return;
    }
    ask(now, exchange->target, form);
}

void ServerQuestions::handle_notify_answer(Now now, AttemptId attempt,
                                           std::span<std::uint8_t> message) {
    Exchange& exchange = *exchanges_.at(attempt);
    if (message.size() < dns::kHeaderBytes) {
        return;
    }
    const dns::Header header = dns::read_header(message.data());
    if (header.id != exchange.notify_id || !header.qr || header.opcode != dns::Opcode::notify) {
        return;
    }
    const std::uint32_t zone = exchange.target.zone;
    if (exchange.notify_tsig) {
        if (const Result<std::size_t> checked = exchange.notify_tsig->verify(message, now.unix);
            !checked) {
            refused_.push_back({zone, checked.error().detail()});
            end(attempt);
            return;
        }
    }
    if (header.rcode != dns::Rcode::no_error) {
        refused_.push_back(
            {zone, fmt::format("NOTIFY answered with {}", dns::to_text(header.rcode))});
    }
    end(attempt);
}

void ServerQuestions::handle_failure(AttemptId attempt, const Error& error) {
    if (!exchanges_.contains(attempt)) {
        return;
    }
    const std::unique_ptr<Exchange> exchange = end(attempt);
    if (exchange->question) {
        served_.push_back({exchange->target.zone, fail(error)});
    }
}

void ServerQuestions::handle_timeout(Now now) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now.instant) {
        handle_failure(deadlines_.begin()->second,
                       Error{Errc::peer_unreachable, "no answer to the SOA query"});
    }
}

std::optional<Instant> ServerQuestions::next_timeout() const {
    return deadlines_.empty() ? std::nullopt : std::optional{deadlines_.begin()->first};
}

std::optional<service::FollowerAction> ServerQuestions::poll_action() {
    if (actions_.empty()) {
        return std::nullopt;
    }
    std::optional<service::FollowerAction> action{std::move(actions_.front())};
    actions_.pop_front();
    return action;
}

std::optional<ServerQuestions::Served> ServerQuestions::poll_served() {
    if (served_.empty()) {
        return std::nullopt;
    }
    std::optional<Served> served{std::move(served_.front())};
    served_.pop_front();
    return served;
}

std::optional<ServerQuestions::NotifyRefused> ServerQuestions::poll_refused() {
    if (refused_.empty()) {
        return std::nullopt;
    }
    std::optional<NotifyRefused> refused{std::move(refused_.front())};
    refused_.pop_front();
    return refused;
}

}  // namespace twinzone::secondary
