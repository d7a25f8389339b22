#include "common/net/tcp_listener.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/net/loopback.h"

namespace twinzone::net {

using test::loopback;
using test::run_to_stop;

namespace {

std::unique_ptr<TcpListener> listening(Loop& loop, const Endpoint& at, TcpListener::Events events) {
    auto listener = TcpListener::listen(loop, at, 512, std::move(events));
    REQUIRE(listener.has_value());
    return std::move(*listener);
}

// Takes every descriptor the process may still open.
class NoDescriptorsLeft {
  public:
    NoDescriptorsLeft() {
        getrlimit(RLIMIT_NOFILE, &before_);
        const int next = dup(0);
        ::close(next);
        rlimit low = before_;
        low.rlim_cur = static_cast<rlim_t>(next) + 20;
        setrlimit(RLIMIT_NOFILE, &low);
        for (int taken = dup(0); taken >= 0; taken = dup(0)) {
            taken_.push_back(taken);
        }
    }
    NoDescriptorsLeft(const NoDescriptorsLeft&) = delete;
    NoDescriptorsLeft& operator=(const NoDescriptorsLeft&) = delete;
    ~NoDescriptorsLeft() {
        for (const int taken : taken_) {
            ::close(taken);
        }
        setrlimit(RLIMIT_NOFILE, &before_);
    }

  private:
    rlimit before_{};
    std::vector<int> taken_;
};

}  // namespace

TEST_CASE("many connections at once are all accepted and served", "[net]") {
    constexpr std::size_t client_count = 300;
    Loop loop;
    std::vector<std::unique_ptr<TcpStream>> served;
    const auto listener =
        listening(loop, loopback(),
                  {.on_accept =
                       [&](std::unique_ptr<TcpStream> stream) {
                           TcpStream& server = *served.emplace_back(std::move(stream));
                           server.start(
                               [&server](std::span<std::uint8_t> bytes) {
                                   server.write(Bytes{bytes.begin(), bytes.end()});
                               },
                               [](const Result<void>&) {});
                       },
                   .on_error = {}});
    std::vector<std::unique_ptr<TcpStream>> clients;
    std::size_t answered = 0;
    for (std::size_t i = 0; i < client_count; ++i) {
        clients.push_back(
            TcpStream::connect(loop, listener->local(), {}, [&, i](const Result<void>& connected) {
                REQUIRE(connected.has_value());
                clients[i]->start(
                    [&, i](std::span<std::uint8_t> bytes) {
                        CHECK(as_text(bytes) == std::to_string(i));
                        if (++answered == client_count) {
                            loop.stop();
                        }
                    },
                    [](const Result<void>&) {});
                clients[i]->write(test::bytes_of(std::to_string(i)));
            }));
    }
    run_to_stop(loop);
    CHECK(served.size() == client_count);
}

TEST_CASE("without descriptors a listener sheds a connection, waits and goes on", "[net][R5]") {
    Loop loop;
    int accepted = 0;
    std::optional<Errc> trouble;
    const auto listener = listening(loop, loopback(),
                                    {.on_accept =
                                         [&](const std::unique_ptr<TcpStream>&) {
                                             ++accepted;
                                             loop.stop();
                                         },
                                     .on_error =
                                         [&](const Error& error) {
                                             trouble = error.code();
                                             loop.stop();
                                         }});
    const auto first = TcpStream::connect(loop, listener->local(), {}, [](const Result<void>&) {});
    const auto second = TcpStream::connect(loop, listener->local(), {}, [](const Result<void>&) {});
    {
        const NoDescriptorsLeft shortage;
        run_to_stop(loop);
    }
    CHECK(trouble == Errc::network);
    CHECK(accepted == 0);
    run_to_stop(loop);
    CHECK(accepted == 1);  // the other one was shed
}

TEST_CASE("a listener may be destroyed in its own callback", "[net]") {
    Loop loop;
    std::unique_ptr<TcpListener> listener;
    int accepted = 0;
    listener = listening(loop, loopback(),
                         {.on_accept =
                              [&](const std::unique_ptr<TcpStream>&) {
                                  ++accepted;
                                  listener.reset();
                                  loop.stop();
                              },
                          .on_error = {}});
    const Endpoint at = listener->local();
    const auto first = TcpStream::connect(loop, at, {}, [](const Result<void>&) {});
    const auto second = TcpStream::connect(loop, at, {}, [](const Result<void>&) {});
    run_to_stop(loop);
    test::settle(loop);
    CHECK(accepted == 1);
}

TEST_CASE("an address is free for a successor as soon as its listener is destroyed", "[net]") {
    Loop loop;
    auto listener = listening(loop, loopback(), {});
    const Endpoint at = listener->local();
    const auto refused = TcpListener::listen(loop, at, 1, {});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code() == Errc::network);
    CHECK(refused.error().detail() ==
          "TCP listener at " + at.to_text() + ": address already in use");
    listener.reset();
    CHECK(TcpListener::listen(loop, at, 1, {}).has_value());
}

TEST_CASE("listeners on all addresses of both families share a port", "[net]") {
    Loop loop;
    const auto six = listening(loop, Endpoint{IpAddress::v6({}), 0}, {});
    const auto four = TcpListener::listen(loop, Endpoint{IpAddress{}, six->local().port}, 1, {});
    CHECK(four.has_value());
}

}  // namespace twinzone::net
