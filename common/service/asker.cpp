#include "common/service/asker.h"

#include <utility>

#include <fmt/format.h>

#include "common/net/dns_frames.h"
#include "common/net/tcp_stream.h"
#include "common/net/tls_stream.h"
#include "common/net/udp_socket.h"

namespace twinzone::service {

class Asker::Exchange {
  public:
    virtual ~Exchange() = default;
};

class Asker::UdpExchange final : public Exchange {
  public:
    UdpExchange(Asker& asker, AttemptId attempt) : asker_(asker), attempt_(attempt) {}

    Result<void> start(const Ask& question) {
        Result<std::unique_ptr<net::UdpSocket>> socket = net::UdpSocket::connect(
            asker_.loop_, question.to, std::nullopt,
            {.on_receive = [this](std::span<std::uint8_t> bytes,
                                  const Endpoint&) { asker_.handle_message(attempt_, bytes); },
             .on_error =
                 [this](Error error) { asker_.handle_failure(attempt_, std::move(error)); }});
        if (!socket) {
            return fail(std::move(socket).error());
        }
        socket_ = std::move(*socket);
        return socket_->send(question.message);
    }

  private:
    Asker& asker_;
    AttemptId attempt_;
    std::unique_ptr<net::UdpSocket> socket_;
};

class Asker::TcpExchange final : public Exchange, public std::enable_shared_from_this<TcpExchange> {
  public:
    TcpExchange(Asker& asker, AttemptId attempt) : asker_(asker), attempt_(attempt) {}

    Result<void> start(const Ask& question) {
        const auto connected = [this](Result<void> result) { handle_connected(std::move(result)); };
        if (!question.tls) {
            stream_ = net::TcpStream::connect(asker_.loop_, question.to, std::nullopt, connected);
        } else if (auto context = asker_.tls_ ? asker_.tls_->client(question.tls->name) : nullptr) {
            stream_ = net::TlsStream::connect(asker_.loop_, question.to, std::nullopt,
                                              std::move(context), connected);
        } else {
            return fail(
                Errc::config_invalid,
                fmt::format("tls '{}' has nothing to know a server by", question.tls->name));
        }
        stream_->write(net::with_length(question.message));
        return {};
    }

  private:
    void handle_connected(Result<void> connected) {
        if (!connected) {
            asker_.handle_failure(attempt_, std::move(connected).error());
            return;
        }
        stream_->start([this](std::span<std::uint8_t> bytes) { handle_read(bytes); },
                       [this](Result<void> end) { handle_closed(std::move(end)); });
        asker_.handle_connected(attempt_);
    }

    void handle_read(std::span<std::uint8_t> bytes) {
        const std::shared_ptr<TcpExchange> alive =
            shared_from_this();  // a message may end the attempt
        frames_.feed(bytes);
        while (asker_.exchanges_.contains(attempt_)) {
            Result<std::optional<net::DnsFrames::Message>> message = frames_.next();
            if (!message) {
                asker_.handle_failure(attempt_, std::move(message).error());
                return;
            }
            if (!*message) {
                return;
            }
            asker_.handle_message(attempt_, **message);
        }
    }

    void handle_closed(Result<void> end) {
        asker_.handle_failure(
            attempt_, end ? Error{Errc::peer_unreachable, frames_.is_at_boundary()
                                                              ? "the peer closed the connection"
                                                              : "connection cut within a message"}
                          : std::move(end).error());
    }

    Asker& asker_;
    AttemptId attempt_;
    std::unique_ptr<net::Connection> stream_;
    net::DnsFrames frames_;
};

Asker::Asker(net::Loop& loop, Events events) : loop_(loop), events_(std::move(events)) {}
Asker::~Asker() = default;

void Asker::ask(const Ask& question) {
    const AttemptId attempt = question.attempt;
    const Result<void> started = question.transport == Transport::tcp
                                     ? start<TcpExchange>(question)
                                     : start<UdpExchange>(question);
    if (!started) {
        // Not from within ask(): the core that asks is in the middle of something.
        loop_.post([this, attempt, error = started.error()] { handle_failure(attempt, error); });
    }
}

template <class Kind>
Result<void> Asker::start(const Ask& question) {
    const auto exchange = std::make_shared<Kind>(*this, question.attempt);
    exchanges_.emplace(question.attempt, exchange);
    return exchange->start(question);
}

void Asker::run(FollowerAction action) {
    if (auto* question = std::get_if<Ask>(&action)) {
        ask(*question);
    } else {
        abandon(std::get<Abandon>(action).attempt);
    }
}

void Asker::abandon(AttemptId attempt) {
    exchanges_.erase(attempt);
}

void Asker::handle_connected(AttemptId attempt) {
    if (events_.on_connected && exchanges_.contains(attempt)) {
        events_.on_connected(attempt);
    }
}

void Asker::handle_message(AttemptId attempt, std::span<std::uint8_t> message) {
    if (exchanges_.contains(attempt)) {
        events_.on_message(attempt, message);
    }
}

void Asker::handle_failure(AttemptId attempt, Error error) {
    const auto node = exchanges_.extract(attempt);
    if (!node.empty()) {
        events_.on_failure(attempt, std::move(error));
    }
}

}  // namespace twinzone::service
