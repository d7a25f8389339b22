#include "common/service/asker.h"

#include <utility>

#include <fmt/format.h>

namespace twinzone::service {

Asker::Asker(net::Loop& loop, Events events, std::uint32_t per_server)
    : loop_(loop),
      on_failure_(events.on_failure),
      datagrams_(loop, {.on_message = events.on_message, .on_failure = events.on_failure}),
      streams_(loop, per_server,
               {.on_waiting = std::move(events.on_waiting),
                .on_connected = std::move(events.on_connected),
                .on_message = std::move(events.on_message),
                .on_failure = std::move(events.on_failure)}),
      stillborn_(std::make_shared<std::map<AttemptId, Error>>()) {}

Asker::~Asker() {
    stillborn_->clear();
}

void Asker::use_tls(std::shared_ptr<const TlsContexts> tls) {
    tls_ = std::move(tls);
    streams_.retire_tls();
}

void Asker::ask(const Ask& question) {
    if (const Result<void> started = start(question); !started) {
        fail_later(question.attempt, started.error());
    }
}

Result<void> Asker::start(const Ask& question) {
    if (question.transport == Transport::udp) {
        return datagrams_.ask(question);
    }
    if (!question.tls) {
        streams_.ask(question, nullptr);
        return {};
    }
    auto context = tls_ ? tls_->client(question.tls->name) : nullptr;
    if (!context) {
        return fail(Errc::config_invalid,
                    fmt::format("tls '{}' has nothing to know a server by", question.tls->name));
    }
    streams_.ask(question, std::move(context));
    return {};
}

// Not from within ask(): the core that asks is in the middle of something.
void Asker::fail_later(AttemptId attempt, const Error& error) {
    stillborn_->emplace(attempt, error);
    loop_.post([this, attempt, stillborn = stillborn_] {
        const auto node = stillborn->extract(attempt);
        if (!node.empty()) {
            on_failure_(attempt, node.mapped());
        }
    });
}

void Asker::run(FollowerAction action) {
    if (auto* question = std::get_if<Ask>(&action)) {
        ask(*question);
    } else {
        const auto& ended = std::get<Abandon>(action);
        abandon(ended.attempt, ended.whole);
    }
}

void Asker::abandon(AttemptId attempt, bool whole) {
    stillborn_->erase(attempt);
    datagrams_.abandon(attempt);
    streams_.abandon(attempt, whole);
}

}  // namespace twinzone::service
