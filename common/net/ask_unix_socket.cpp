#include "common/net/ask_unix_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/net/unix_address.h"

namespace twinzone::net {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kLongestPollMs = 3'600'000;  // poll() takes an int; it is called again

// One connection to a control socket, with a deadline for all it does.
class Asker {
  public:
    Asker(std::string path, Clock::time_point deadline)
        : path_(std::move(path)), deadline_(deadline) {}
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;
    ~Asker() {
        if (socket_ >= 0) {
            ::close(socket_);
        }
    }

    [[nodiscard]] Result<void> connect();
    [[nodiscard]] Result<void> send(std::string_view request) const;
    [[nodiscard]] Result<std::string> receive() const;

  private:
    [[nodiscard]] Failure failed(Errc code, int error) const {
        // strerrordesc_np() is thread-safe and never allocates.
        const char* reason = strerrordesc_np(error);
        return fail(code, fmt::format("{}: {}", path_, reason == nullptr ? "?" : reason));
    }
    // Waits until the socket is ready for `event` (POLLIN, POLLOUT).
    [[nodiscard]] Result<void> wait(short event) const;

    std::string path_;
    Clock::time_point deadline_;
    int socket_ = -1;
};

Result<void> Asker::connect() {
    const Result<sockaddr_un> address = unix_address(path_);
    if (!address) {
        return fail(address.error());
    }
    socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket_ < 0) {
        return failed(Errc::network, errno);
    }
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0) {
        return {};
    }
    const bool is_absent = errno == ENOENT || errno == ECONNREFUSED;
    return failed(is_absent ? Errc::not_found : Errc::network, errno);
}

Result<void> Asker::wait(short event) const {
    while (true) {
        const auto left = std::chrono::ceil<milliseconds>(deadline_ - Clock::now()).count();
        if (left <= 0) {
            return fail(Errc::network, fmt::format("{}: no answer in time", path_));
        }
        pollfd waiting{.fd = socket_, .events = event, .revents = 0};
        const int ready = ::poll(&waiting, 1, static_cast<int>(std::min(left, kLongestPollMs)));
        if (ready > 0) {
            return {};
        }
        if (ready < 0 && errno != EINTR) {
            return failed(Errc::network, errno);
        }
    }
}

Result<void> Asker::send(std::string_view request) const {
    while (!request.empty()) {
        const ssize_t sent = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
        if (sent >= 0) {
            request.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno != EAGAIN && errno != EINTR) {
            return failed(Errc::network, errno);
        }
        if (Result<void> ready = wait(POLLOUT); !ready) {
            return ready;
        }
    }
    return {};
}

Result<std::string> Asker::receive() const {
    std::string answer;
    std::array<char, 65536> chunk{};
    while (true) {
        const ssize_t got = ::recv(socket_, chunk.data(), chunk.size(), 0);
        if (got == 0) {
            return answer;
        }
        if (got > 0) {
            answer.append(chunk.data(), static_cast<std::size_t>(got));
            if (answer.size() > kMaxControlAnswerBytes) {
                return fail(Errc::limit, fmt::format("{}: the answer is too long", path_));
            }
            continue;
        }
        if (errno != EAGAIN && errno != EINTR) {
            return failed(Errc::network, errno);
        }
        if (Result<void> ready = wait(POLLIN); !ready) {
            return fail(std::move(ready).error());
        }
    }
}

}  // namespace

Result<std::string> ask_unix_socket(const std::string& path, std::string_view request,
                                    Duration timeout) {
    Asker asker{path, Clock::now() + timeout};
    if (Result<void> connected = asker.connect(); !connected) {
        return fail(std::move(connected).error());
    }
    if (Result<void> sent = asker.send(request); !sent) {
        return fail(std::move(sent).error());
    }
    return asker.receive();
}

}  // namespace twinzone::net
