#include "common/control/client.h"

#include <array>
#include <cerrno>
#include <chrono>
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

// False where the deadline passes first.
bool wait_until(int socket, short events, Clock::time_point deadline) {
    for (;;) {
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now()).count();
        pollfd entry{.fd = socket, .events = events, .revents = 0};
        const int count = ::poll(&entry, 1, left > 0 ? static_cast<int>(left) : 0);
        if (count > 0 || (count < 0 && errno != EINTR)) {
            return true;  // the call that follows says what is wrong
        }
        if (left <= 0) {
            return false;
        }
    }
}

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

Result<void> send_all(const Socket& socket, std::string_view bytes, Clock::time_point deadline) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket.value(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno != EAGAIN && errno != EINTR) {
            return fail(Errc::peer_unreachable, "the daemon hung up: " + in_words(errno));
        } else if (!wait_until(socket.value(), POLLOUT, deadline)) {
            return too_late();
        }
    }
    return {};
}

Result<std::string> receive_line(const Socket& socket, Clock::time_point deadline) {
    std::string line;
    std::array<char, 65'536> part{};
    for (;;) {
        const ssize_t count = ::recv(socket.value(), part.data(), part.size(), 0);
        if (count == 0) {
            return fail(Errc::peer_unreachable, "the daemon hung up without an answer");
        }
        if (count < 0 && errno != EAGAIN && errno != EINTR) {
            return fail(Errc::peer_unreachable, "the daemon hung up: " + in_words(errno));
        }
        if (count < 0) {
            if (!wait_until(socket.value(), POLLIN, deadline)) {
                return too_late();
            }
            continue;
        }
        const std::string_view bytes{part.data(), static_cast<std::size_t>(count)};
        line += bytes.substr(0, bytes.find('\n'));
        if (bytes.find('\n') != std::string_view::npos) {
            return line;
        }
        if (line.size() > kMaxResponseBytes) {
            return fail(Errc::message_malformed, "the answer is larger than any of ours");
        }
    }
}

}  // namespace

Result<Response> ask(const std::string& socket_path, const Request& request, milliseconds timeout) {
    const Clock::time_point deadline = Clock::now() + timeout;
    const Socket socket;
    if (Result<void> connected = connect_to(socket, socket_path); !connected) {
        return fail(std::move(connected).error());
    }
    if (Result<void> sent = send_all(socket, encode(request), deadline); !sent) {
        return fail(std::move(sent).error());
    }
    Result<std::string> line = receive_line(socket, deadline);
    if (!line) {
        return fail(std::move(line).error());
    }
    return decode_response(*line);
}

}  // namespace twinzone::control
