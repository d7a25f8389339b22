#include "common/control/server.h"

#include <utility>

#include <fmt/format.h>

#include "common/base/assert.h"

namespace twinzone::control {

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

Response refusal(std::string reason) {
    return {.exit = kExitUsage, .output = {}, .error = std::move(reason)};
}

}  // namespace

Handler at_once(std::function<Response(const Request&)> answer) {
    return [answer = std::move(answer)](const Request& request, const Reply& reply) {
        reply(answer(request));
    };
}

void ControlServer::on(std::string verb, Handler handler) {
    const bool is_new = handlers_.emplace(std::move(verb), std::move(handler)).second;
    TWINZONE_ASSERT(is_new);
}

const Handler* ControlServer::find(std::string_view verb) const {
    const auto found = handlers_.find(verb);
    return found == handlers_.end() ? nullptr : &found->second;
}

// Replies know it weakly: it dies with its session.
class ControlSession::Core : public std::enable_shared_from_this<Core> {
  public:
    Core(const ControlServer& server, Channel channel)
        : server_(server), channel_(std::move(channel)) {}

    void handle_bytes(std::string_view bytes) {
        if (!is_broken_ && !is_too_much_) {
            waiting_ += bytes;
            pump();
        }
    }

    // What handlers answered to the request number `turn`.
    void answer(std::uint64_t turn, Response response) {
        if (!is_answering_ || turn != turn_) {
            return;
        }
        TWINZONE_ASSERT(!response.more || response.output.size() <= kMaxPartBytes);
        is_answering_ = response.more;
        std::string line = encode(response);
        channel_.send(std::move(line), std::move(response.on_written));
        pump();
    }

  private:
    // Shared by the copies of one reply.
    struct Turn {
        std::weak_ptr<Core> core;
        std::uint64_t number;

        Turn(std::weak_ptr<Core> of, std::uint64_t with) : core(std::move(of)), number(with) {}
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn() {
            if (const std::shared_ptr<Core> alive = core.lock()) {
                alive->answer(
                    number,
                    {.exit = kExitFailed, .output = {}, .error = "the daemon dropped the request"});
            }
        }
    };

    // Answers lines until one takes time. A handler that replies at once comes back here: the outer
    // call goes on.
    void pump() {
        if (is_pumping_) {
            return;
        }
        is_pumping_ = true;
        std::size_t looked_at = 0;
        while (!is_answering_ && !is_broken_ && take_line(looked_at)) {
        }
        waiting_.erase(0, looked_at);
        is_pumping_ = false;
        if (is_answering_ ? waiting_.size() > kMaxWaitingBytes
                          : waiting_.size() > kMaxRequestBytes) {
            is_too_much_ = true;
        }
        if (is_too_much_ && !is_answering_) {
            break_off();
        }
    }

    // Takes the line at `from` and moves it behind. False where no whole line waits.
    bool take_line(std::size_t& from) {
        const std::size_t end = waiting_.find('\n', from);
        if (end == std::string::npos) {
            return false;
        }
        const std::string line = waiting_.substr(from, end - from);
        from = end + 1;
        if (line.size() > kMaxRequestBytes) {
            break_off();
        } else {
            start(line);
        }
        return true;
    }

    void start(std::string_view line) {
        is_answering_ = true;
        const std::uint64_t number = ++turn_;
        const Result<Request> request = decode_request(line);
        if (!request) {
            answer(number, refusal(request.error().detail()));
            return;
        }
        const Handler* handler = server_.find(request->verb);
        if (handler == nullptr) {
            answer(number, refusal(fmt::format("this daemon has no verb '{}'", request->verb)));
            return;
        }
        auto turn = std::make_shared<const Turn>(weak_from_this(), number);
        (*handler)(*request, [turn = std::move(turn)](Response response) {
            if (const std::shared_ptr<Core> alive = turn->core.lock()) {
                alive->answer(turn->number, std::move(response));
            }
        });
    }

    void break_off() {
        is_broken_ = true;
        channel_.send(encode(refusal("the request is too long")), {});
        channel_.end();
    }

    const ControlServer& server_;
    Channel channel_;
    std::string waiting_;     // received and not yet looked at
    std::uint64_t turn_ = 0;  // number of the request being answered, or of the last
    bool is_answering_ = false;
    bool is_pumping_ = false;
    bool is_too_much_ = false;  // ends behind the answer that is being made
    bool is_broken_ = false;
};

ControlSession::ControlSession(const ControlServer& server, Channel channel)
    : core_(std::make_shared<Core>(server, std::move(channel))) {}

ControlSession::~ControlSession() = default;

void ControlSession::handle_bytes(std::string_view bytes) {
    const std::shared_ptr<Core> alive = core_;  // a handler may end the session
    alive->handle_bytes(bytes);
}

}  // namespace twinzone::control
