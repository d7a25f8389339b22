#include "common/control/client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

namespace twinzone::control {

namespace {

using Clock = std::chrono::steady_clock;

class Socket {
  public:
    Socket() : value_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
    ~Socket() {
        if (value_ >= 0) {
            ::close(value_);
        }
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    [[nodiscard]] int value() const noexcept { return value_; }

  private:
    int value_;
};

std::string in_words(int error) {
    return std::generic_category().message(error);
}

Failure too_late() {
    return fail(Errc::peer_unreachable, "the daemon does not answer in time");
}

Failure connect_failure(const std::string& path, int error) {
    if (error == ENOENT || error == ECONNREFUSED || error == ENOTDIR) {
        return fail(Errc::not_found, fmt::format("no daemon is running at {}", path));
    }
    return fail(error == EAGAIN ? Errc::peer_unreachable : Errc::file_unreadable,
                fmt::format("cannot connect to {}: {}", path, in_words(error)));
}

// The end of one silence.
class Deadline {
  public:
    explicit Deadline(const Patience& patience) {
        if (patience) {
            end_ = Clock::now() + std::min<Clock::duration>(*patience, kLongest);
        }
    }

    // Waits until `socket` is ready. False where the deadline passes first.
    [[nodiscard]] bool wait(int socket, short events) const {
        for (;;) {
            const std::int64_t left =
                end_ ? std::chrono::ceil<milliseconds>(*end_ - Clock::now()).count() : -1;
            if (end_ && left <= 0) {
                return false;
            }
            pollfd entry{.fd = socket, .events = events, .revents = 0};
            const int count =
                ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left, kLongestPollMs)));
            if (count > 0 || (count < 0 && errno != EINTR)) {
                return true;  // the call that follows says what is wrong
            }
        }
    }

  private:
    static constexpr std::int64_t kLongestPollMs = 3'600'000;  // poll() takes an int
    static constexpr hours kLongest{24 * 365};

    std::optional<Clock::time_point> end_;
};

Result<void> connect_to(const Socket& socket, const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return fail(Errc::usage, fmt::format("'{}' is too long for the path of a socket", path));
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    if (socket.value() < 0 || ::connect(socket.value(), reinterpret_cast<const sockaddr*>(&address),
                                        sizeof address) != 0) {
        return connect_failure(path, errno);
    }
    return {};
}

Result<void> send_all(const Socket& socket, std::string_view bytes, const Deadline& deadline) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket.value(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno != EAGAIN && errno != EINTR) {
            return fail(Errc::peer_unreachable, "the daemon hung up: " + in_words(errno));
        } else if (!deadline.wait(socket.value(), POLLOUT)) {
            return too_late();
        }
    }
    return {};
}

// Lines that come in, one after the other.
class LineReader {
  public:
    explicit LineReader(const Socket& socket) : socket_(socket) {}

    Result<std::string> next(const Deadline& deadline) {
        std::size_t searched = 0;
        for (;;) {
            if (const std::size_t end = received_.find('\n', searched); end != std::string::npos) {
                std::string line = received_.substr(0, end);
                received_.erase(0, end + 1);
                return line;
            }
            searched = received_.size();
            if (searched > kMaxResponseBytes) {
                return fail(Errc::message_malformed, "the answer is larger than any of ours");
            }
            if (Result<void> more = receive(deadline); !more) {
                return fail(std::move(more).error());
            }
        }
    }

  private:
    Result<void> receive(const Deadline& deadline) {
        for (;;) {
            const ssize_t count = ::recv(socket_.value(), part_.data(), part_.size(), 0);
            if (count > 0) {
                received_.append(part_.data(), static_cast<std::size_t>(count));
                return {};
            }
            if (count == 0) {
                return fail(Errc::peer_unreachable, "the daemon hung up without an answer");
            }
            if (errno != EAGAIN && errno != EINTR) {
                return fail(Errc::peer_unreachable, "the daemon hung up: " + in_words(errno));
            }
            if (!deadline.wait(socket_.value(), POLLIN)) {
                return too_late();
            }
        }
    }

    const Socket& socket_;
    std::array<char, 65'536> part_{};
    std::string received_;
};

}  // namespace

Result<Response> ask(const std::string& socket_path, const Request& request, Patience patience,
                     const PartSink& on_part) {
    const Socket socket;
    if (Result<void> connected = connect_to(socket, socket_path); !connected) {
        return fail(std::move(connected).error());
    }
    if (Result<void> sent = send_all(socket, encode(request), Deadline{patience}); !sent) {
        return fail(std::move(sent).error());
    }
    LineReader lines{socket};
    for (;;) {
        const Result<std::string> line = lines.next(Deadline{patience});
        if (!line) {
            return fail(line.error());
        }
        Result<Response> response = decode_response(*line);
        if (!response || !response->more) {
            return response;
        }
        on_part(*response);
    }
}

Result<Response> ask(const std::string& socket_path, const Request& request, Patience patience) {
    return ask(socket_path, request, patience, [](const Response&) {});
}

}  // namespace twinzone::control
