#include "common/net/unix_socket.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/net/unix_address.h"
#include "tests/unit/net/loopback.h"
#include "tests/unit/net/temporary_folder.h"

namespace twinzone::net {

using test::TemporaryFolder;

namespace {

// Answers one request line with `answer` and closes.
class Answerer {
  public:
    Answerer(Loop& loop, const std::string& path, std::string answer) : answer_(std::move(answer)) {
        auto listening = UnixListener::listen(
            loop, path, 0600, [this, &loop](std::unique_ptr<UnixStream> stream) {
                stream_ = std::move(stream);
                stream_->start([this](std::span<std::uint8_t> bytes) { on_bytes(as_text(bytes)); },
                               [&loop](const Result<void>&) { loop.stop(); });
            });
        REQUIRE(listening.has_value());
        listener_ = std::move(*listening);
    }

    [[nodiscard]] const std::string& request() const noexcept { return request_; }

  private:
    void on_bytes(std::string_view text) {
        request_ += text;
        if (request_.ends_with('\n')) {
            stream_->write(test::bytes_of(answer_));
            stream_->shutdown();
        }
    }

    std::string answer_;
    std::string request_;
    std::unique_ptr<UnixListener> listener_;
    std::unique_ptr<UnixStream> stream_;
};

// What the one at `path` answers to `request` until it closes. Blocking.
std::string asked(const std::string& path, const std::string& request) {
    const Result<sockaddr_un> address = unix_address(path);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    std::string answer;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0 &&
        ::write(socket, request.data(), request.size()) > 0) {
        std::array<char, 65'536> part{};
        for (ssize_t got = 1; got > 0;) {
            got = ::read(socket, part.data(), part.size());
            answer.append(part.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
        }
    }
    ::close(socket);
    return answer;
}

// A socket file as a killed process leaves it.
void leave_dead_socket(const std::string& path) {
    const Result<sockaddr_un> address = unix_address(path);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0);
    ::close(socket);
}

}  // namespace

TEST_CASE("a question to a local socket gets its whole answer", "[net]") {
    const TemporaryFolder folder;
    const std::string path = folder.file("control.sock");
    const std::string long_answer(5'000'000, 'z');
    Loop loop;
    const Answerer answerer{loop, path, long_answer};
    std::string answer;
    std::thread asker{[&] { answer = asked(path, "status --json\n"); }};
    test::run_to_stop(loop);
    asker.join();
    CHECK(answer == long_answer);
    CHECK(answerer.request() == "status --json\n");
}

TEST_CASE("the socket file has its mode and goes with its listener", "[net]") {
    const TemporaryFolder folder;
    const std::string path = folder.file("control.sock");
    Loop loop;
    auto listener = UnixListener::listen(loop, path, 0660, {});
    REQUIRE(listener.has_value());
    struct stat made {};
    REQUIRE(stat(path.c_str(), &made) == 0);
    CHECK((made.st_mode & 0777) == 0660);
    listener->reset();
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a listener leaves the file of its successor alone", "[net]") {
    const TemporaryFolder folder;
    const std::string path = folder.file("control.sock");
    Loop loop;
    auto first = UnixListener::listen(loop, path, 0600, {});
    REQUIRE(first.has_value());
    std::filesystem::rename(path, folder.file("aside"));  // keeps the inode in use
    const auto second = UnixListener::listen(loop, path, 0600, {});
    REQUIRE(second.has_value());
    first->reset();
    CHECK(std::filesystem::exists(path));
}

TEST_CASE("a socket file left by a dead process is replaced, one that answers is not", "[net]") {
    const TemporaryFolder folder;
    const std::string path = folder.file("control.sock");
    leave_dead_socket(path);
    Loop loop;
    const auto first = UnixListener::listen(loop, path, 0600, {});
    REQUIRE(first.has_value());
    const auto second = UnixListener::listen(loop, path, 0600, {});
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code() == Errc::network);
    CHECK(second.error().detail() == "control socket " + path + ": another process answers there");
    CHECK(std::filesystem::exists(path));
}

TEST_CASE("a socket too busy to answer is not taken for dead", "[net]") {
    const TemporaryFolder folder;
    const std::string path = folder.file("control.sock");
    const Result<sockaddr_un> address = unix_address(path);
    const auto* generic = reinterpret_cast<const sockaddr*>(&*address);
    const int busy = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(busy, generic, sizeof *address) == 0);
    REQUIRE(::listen(busy, 0) == 0);
    const int waiting = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    REQUIRE(::connect(waiting, generic, sizeof *address) == 0);
    Loop loop;
    CHECK_FALSE(UnixListener::listen(loop, path, 0600, {}).has_value());
    CHECK(std::filesystem::exists(path));
    ::close(waiting);
    ::close(busy);
}

TEST_CASE("a file that is no socket is left alone", "[net]") {
    const TemporaryFolder folder;
    const std::string path = folder.file("precious");
    std::ofstream{path} << "text";
    Loop loop;
    CHECK_FALSE(UnixListener::listen(loop, path, 0600, {}).has_value());
    CHECK(std::filesystem::file_size(path) == 4);
}

TEST_CASE("a path too long for a socket is refused", "[net]") {
    Loop loop;
    const std::string path = "/" + std::string(107, 'x');
    const auto listener = UnixListener::listen(loop, path, 0600, {});
    REQUIRE_FALSE(listener.has_value());
    CHECK(listener.error().code() == Errc::usage);
}

}  // namespace twinzone::net
