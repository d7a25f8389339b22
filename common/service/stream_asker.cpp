#include "common/service/stream_asker.h"

#include <array>
#include <utility>

#include "common/dns/message.h"
#include "common/net/dns_frames.h"
#include "common/net/tcp_stream.h"
#include "common/net/tls_stream.h"

namespace twinzone::service {

namespace {

using Pool = transfer::ConnectionPool;
using transfer::ConnectionId;

transfer::QuestionId as_question(AttemptId attempt) noexcept {
    return static_cast<transfer::QuestionId>(attempt);
}

AttemptId as_attempt(transfer::QuestionId question) noexcept {
    return static_cast<AttemptId>(question);
}

// Answers that are looked through for what they say of the connection: no more than a SOA answer
// needs, so that a zone's content is not read twice.
constexpr std::size_t kMaxOptionAnswer = 4096;

std::optional<Duration> told_idle(ByteView message) {
    if (message.size() < dns::kHeaderBytes || message.size() > kMaxOptionAnswer ||
        dns::read_header(message.data()).arcount == 0) {
        return std::nullopt;
    }
    const Result<dns::Message> parsed = dns::Message::parse(message);
    return parsed && parsed->edns ? parsed->edns->keepalive() : std::nullopt;
}

}  // namespace

struct StreamAsker::Link {
    std::unique_ptr<net::Connection> stream;
    net::DnsFrames frames;
};

StreamAsker::StreamAsker(net::Loop& loop, std::uint32_t per_server, Events events)
    : loop_(loop), events_(std::move(events)), pool_(per_server), timer_(loop) {}

StreamAsker::~StreamAsker() {
    *alive_ = false;
}

void StreamAsker::set_per_server(std::uint32_t per_server) noexcept {
    pool_.set_per_target(per_server);
}

std::uint32_t StreamAsker::server_index(Server server) {
    const auto [at, is_new] =
        server_index_.try_emplace(server.key(), static_cast<std::uint32_t>(servers_.size()));
    if (is_new) {
        servers_.push_back(std::move(server));
    }
    return at->second;
}

void StreamAsker::ask(const Ask& question, std::shared_ptr<const net::TlsContext> tls) {
    const std::uint32_t server = server_index({question.to, question.source, std::move(tls)});
    pool_.ask(loop_.now().instant, as_question(question.attempt), server, question.message);
    act();
    after_call();
}

void StreamAsker::abandon(AttemptId attempt, bool whole) {
    std::erase_if(notices_, [attempt](const Pool::Action& notice) {
        const auto* failed = std::get_if<Pool::Failed>(&notice);
        return failed != nullptr && as_attempt(failed->question) == attempt;
    });
    pool_.abandon(loop_.now().instant, as_question(attempt),
                  whole ? Pool::Left::whole : Pool::Left::midway);
    act();
    after_call();
}

void StreamAsker::retire_tls() {
    for (std::uint32_t server = 0; server < servers_.size(); ++server) {
        if (servers_[server].tls) {
            pool_.retire(server);
            server_index_.erase(servers_[server].key());
        }
    }
    act();
    after_call();
}

// Does what the pool wants of sockets; what it has to say waits in notices_.
void StreamAsker::act() {
    while (std::optional<Pool::Action> action = pool_.poll_action()) {
        if (const auto* wanted = std::get_if<Pool::Open>(&*action)) {
            open(wanted->connection, wanted->target);
        } else if (auto* message = std::get_if<Pool::Send>(&*action)) {
            send(message->connection, std::move(message->framed));
        } else if (const auto* ended = std::get_if<Pool::Close>(&*action)) {
            links_.erase(ended->connection);
        } else {
            notices_.push_back(std::move(*action));
        }
    }
    arm();
}

void StreamAsker::open(ConnectionId id, std::uint32_t server) {
    const Server& to = servers_[server];
    const auto link = std::make_shared<Link>();
    const auto connected = [this, id](const Result<void>& result) { handle_connected(id, result); };
    if (to.tls) {
        link->stream = net::TlsStream::connect(loop_, to.endpoint, to.source, to.tls, connected);
    } else {
        link->stream = net::TcpStream::connect(loop_, to.endpoint, to.source, connected);
    }
    links_.emplace(id, link);
}

void StreamAsker::send(ConnectionId id, std::shared_ptr<const Bytes> framed) {
    const auto at = links_.find(id);
    if (at != links_.end()) {
        const std::array<ByteView, 1> parts{ByteView{*framed}};
        at->second->stream->write(parts, std::move(framed), {});
    }
}

void StreamAsker::handle_connected(ConnectionId id, const Result<void>& connected) {
    const Now now = loop_.now();
    if (!connected) {
        pool_.handle_end(now.instant, id, connected.error());
    } else {
        links_.at(id)->stream->start(
            [this, id](std::span<std::uint8_t> bytes) { handle_read(id, bytes); },
            [this, id](const Result<void>& end) { handle_closed(id, end); });
        pool_.handle_connected(now.instant, id);
    }
    after_event();
}

void StreamAsker::handle_read(ConnectionId id, std::span<std::uint8_t> bytes) {
    const std::shared_ptr<bool> alive = alive_;
    const std::shared_ptr<Link> link = links_.at(id);  // a message may end the connection
    link->frames.feed(bytes);
    while (*alive && links_.contains(id)) {
        const Result<std::optional<net::DnsFrames::Message>> message = link->frames.next();
        if (!message) {
            pool_.handle_end(loop_.now().instant, id, message.error());
            after_event();
            return;
        }
        if (!*message) {
            return;
        }
        handle_message(id, **message);
    }
}

void StreamAsker::handle_message(ConnectionId id, std::span<std::uint8_t> message) {
    const std::optional<transfer::QuestionId> question =
        pool_.handle_message(loop_.now().instant, id, message, told_idle(message));
    if (question) {
        const std::shared_ptr<bool> alive = alive_;
        telling_ = true;  // what follows from it is told after it
        events_.on_message(as_attempt(*question), message);
        if (!*alive) {
            return;
        }
        telling_ = false;
    }
    after_event();
}

void StreamAsker::handle_closed(ConnectionId id, const Result<void>& end) {
    const auto at = links_.find(id);
    const bool at_boundary = at == links_.end() || at->second->frames.is_at_boundary();
    pool_.handle_end(loop_.now().instant, id,
                     !end          ? end.error()
                     : at_boundary ? Error{Errc::peer_unreachable, "the peer closed the connection"}
                                   : Error{Errc::transfer_cut, "connection cut within a message"});
    after_event();
}

// Tells the owner what there is to tell. Anything may happen in its answers.
void StreamAsker::after_event() {
    act();
    if (telling_) {
        return;
    }
    const std::shared_ptr<bool> alive = alive_;
    telling_ = true;
    while (!notices_.empty()) {
        const Pool::Action notice = std::move(notices_.front());
        notices_.pop_front();
        tell(notice);
        if (!*alive) {
            return;
        }
    }
    telling_ = false;
}

void StreamAsker::tell(const Pool::Action& notice) {
    if (const auto* failed = std::get_if<Pool::Failed>(&notice)) {
        events_.on_failure(as_attempt(failed->question), failed->error);
    } else if (const auto* waits = std::get_if<Pool::Waits>(&notice)) {
        if (pool_.knows(waits->question) && events_.on_waiting) {
            events_.on_waiting(as_attempt(waits->question));
        }
    } else if (const auto* connected = std::get_if<Pool::Connected>(&notice)) {
        if (pool_.knows(connected->question) && events_.on_connected) {
            events_.on_connected(as_attempt(connected->question));
        }
    }
}

// The same later: the owner that calls is in the middle of something.
void StreamAsker::after_call() {
    if (telling_ || notices_.empty() || std::exchange(posted_, true)) {
        return;
    }
    loop_.post([this, alive = alive_] {
        if (*alive) {
            posted_ = false;
            after_event();
        }
    });
}

void StreamAsker::arm() {
    if (const std::optional<Instant> next = pool_.next_timeout()) {
        timer_.arm(*next, [this] {
            pool_.handle_timeout(loop_.now().instant);
            after_event();
        });
    } else {
        timer_.cancel();
    }
}

}  // namespace twinzone::service
