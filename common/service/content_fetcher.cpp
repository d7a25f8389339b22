#include "common/service/content_fetcher.h"

#include <utility>

#include <fmt/format.h>

#include "common/base/random.h"
#include "common/net/entropy.h"
#include "common/net/timer.h"
#include "common/service/transfer_question.h"

namespace twinzone::service {

namespace {

constexpr std::size_t kAtOneTime = 4;
constexpr Duration kConnectTimeout = seconds{10};

}  // namespace

struct ContentFetcher::Fetch {
    explicit Fetch(net::Loop& loop) : timer(loop) {}

    dns::Name zone;
    config::RemotePtr remote;
    Done done;
    std::size_t address = 0;  // of the remote, being asked
    std::unique_ptr<TransferQuestion> question;
    AttemptId attempt{};
    Instant began;
    bool connected = false;
    net::Timer timer;

    [[nodiscard]] const Endpoint& endpoint() const { return remote->addresses[address]; }
};

ContentFetcher::ContentFetcher(net::Loop& loop, std::string directory, const config::Limits& limits)
    : loop_(loop),
      intakes_(std::move(directory)),
      limits_(limits),
      asker_(
          loop,
          {.on_waiting =
               [this](AttemptId attempt) { watch(*running_.at(attempt), limits_.transfer_time); },
           .on_connected =
               [this](AttemptId attempt) {
                   Fetch& fetch = *running_.at(attempt);
                   fetch.connected = true;
                   watch(fetch, limits_.transfer_idle);
               },
           .on_message = [this](
                             AttemptId attempt,
                             std::span<std::uint8_t> message) { handle_message(attempt, message); },
           .on_failure = [this](AttemptId attempt,
                                const Error& error) { fail_attempt(attempt, error); }},
          kConnectionsToCompare) {}

ContentFetcher::~ContentFetcher() = default;

void ContentFetcher::fetch(const dns::Name& zone, const config::RemotePtr& remote, Done done) {
    auto fetch = std::make_unique<Fetch>(loop_);
    fetch->zone = zone;
    fetch->remote = remote;
    fetch->done = std::move(done);
    waiting_.push_back(std::move(fetch));
    start_waiting();
}

void ContentFetcher::start_waiting() {
    while (!waiting_.empty() && running_.size() < kAtOneTime) {
        std::unique_ptr<Fetch> next = std::move(waiting_.front());
        waiting_.pop_front();
        ask(std::move(next));
    }
}

void ContentFetcher::ask(std::unique_ptr<Fetch> fetch) {
    transfer::TransferLimits limits;
    limits.max_records = limits_.zone_records;
    limits.max_bytes = limits_.zone_bytes;
    const transfer::TransferQuery query{
        .id = Random{net::random_seed()}.message_id(), .zone = fetch->zone, .ours = {}};
    fetch->question =
        std::make_unique<TransferQuestion>(query, fetch->remote->key, limits, intakes_.open());
    fetch->attempt = AttemptId{++last_attempt_};
    fetch->began = loop_.now().instant;
    fetch->connected = false;
    const bool over_tls = fetch->remote->tls != nullptr;  // then EDNS is known, and pads
    Result<Bytes> message = fetch->question->message(
        loop_.now().unix, over_tls, transfer::carrier_of(Transport::tcp, over_tls));
    const AttemptId attempt = fetch->attempt;
    Fetch& started = *fetch;
    running_.emplace(attempt, std::move(fetch));
    if (!message) {
        loop_.post([this, attempt, error = message.error()] { fail_attempt(attempt, error); });
        return;
    }
    watch(started, kConnectTimeout);
    asker_.ask({.attempt = attempt,
                .to = started.endpoint(),
                .transport = Transport::tcp,
                .message = std::move(*message),
                .tls = started.remote->tls,
                .source = started.remote->source_for(started.endpoint())});
}

void ContentFetcher::watch(Fetch& fetch, Duration silence) {
    fetch.timer.arm_after(silence, [this, attempt = fetch.attempt] {
        const bool connected = running_.at(attempt)->connected;
        fail_attempt(attempt,
                     Error{Errc::peer_unreachable, connected ? "nothing received for too long"
                                                             : "connection not made in time"});
    });
}

void ContentFetcher::handle_message(AttemptId attempt, std::span<std::uint8_t> message) {
    Fetch& fetch = *running_.at(attempt);
    const Result<transfer::TransferProgress> progress =
        fetch.question->handle_message(message, loop_.now().unix);
    if (!progress) {
        fail_attempt(attempt, progress.error());
        return;
    }
    if (*progress != transfer::TransferProgress::done) {
        if (loop_.now().instant - fetch.began > limits_.transfer_time) {
            fail_attempt(attempt, Error{Errc::transfer_limit, "took longer than transfer-time"});
        } else {
            watch(fetch, limits_.transfer_idle);
        }
        return;
    }
    auto node = running_.extract(attempt);
    asker_.abandon(attempt, true);
    Content content;
    content.soa = *node.mapped()->question->assembler().soa();
    content.records = node.mapped()->question->take_records();
    finish(std::move(node.mapped()), std::move(content));
}

// On to the next address, where there is one.
void ContentFetcher::fail_attempt(AttemptId attempt, const Error& error) {
    auto node = running_.extract(attempt);
    if (node.empty()) {
        return;
    }
    asker_.abandon(attempt);
    std::unique_ptr<Fetch> fetch = std::move(node.mapped());
    if (fetch->address + 1 < fetch->remote->addresses.size()) {
        ++fetch->address;
        ask(std::move(fetch));
        return;
    }
    Error named{error.code(),
                fmt::format("AXFR from {}: {}", fetch->endpoint().to_text(), error.detail())};
    finish(std::move(fetch), fail(std::move(named)));
}

void ContentFetcher::finish(std::unique_ptr<Fetch> fetch, Result<Content> result) {
    fetch->timer.cancel();
    start_waiting();
    fetch->done(std::move(result));
}

}  // namespace twinzone::service
