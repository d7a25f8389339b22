#include "common/net/udp_socket.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/net/udp_listener.h"
#include "tests/unit/net/loopback.h"

namespace twinzone::net {

using test::bytes_of;
using test::loopback;
using test::run_to_stop;

namespace {

std::unique_ptr<UdpListener> bound(Loop& loop, const Endpoint& at,
                                   UdpListener::OnReceive on_receive = {}) {
    auto socket = UdpListener::bind(loop, at, std::move(on_receive));
    REQUIRE(socket.has_value());
    return std::move(*socket);
}

std::unique_ptr<UdpSocket> connected(Loop& loop, const Endpoint& to,
                                     UdpSocket::Events events = {}) {
    auto socket = UdpSocket::connect(loop, to, {}, std::move(events));
    REQUIRE(socket.has_value());
    return std::move(*socket);
}

// Sends back what it gets.
struct Echo {
    std::unique_ptr<UdpListener> socket;

    Echo(Loop& loop, const Endpoint& at)
        : socket(bound(loop, at,
                       [this](std::span<std::uint8_t> bytes, const UdpListener::Arrival& arrival) {
                           CHECK(socket->reply(arrival, bytes).has_value());
                       })) {}
};

}  // namespace

TEST_CASE("a connected UDP socket gets the answer of the one it asked", "[net]") {
    const Endpoint at = GENERATE(loopback(), Endpoint{*IpAddress::from_text("::1"), 0});
    Loop loop;
    const Echo echo{loop, at};
    CHECK(echo.socket->local().port != 0);
    std::string answer;
    std::optional<Endpoint> answered_by;
    auto asker = UdpSocket::connect(loop, echo.socket->local(), at.address,
                                    {.on_receive =
                                         [&](std::span<std::uint8_t> bytes, const Endpoint& from) {
                                             answer = as_text(bytes);
                                             answered_by = from;
                                             loop.stop();
                                         },
                                     .on_error = {}});
    REQUIRE(asker.has_value());
    CHECK((*asker)->local().address == at.address);
    REQUIRE((*asker)->send(as_bytes("serial?")).has_value());
    run_to_stop(loop);
    CHECK(answer == "serial?");
    CHECK(answered_by == echo.socket->local());
}

TEST_CASE("an answer leaves from the address that was asked", "[net]") {
    struct Row {
        const char* listens;
        const char* asked;
    };
    const Row rows[] = {{"0.0.0.0", "127.0.0.2"}, {"0.0.0.0", "127.9.8.7"}, {"::", "::1"}};
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.asked) {
            Loop loop;
            const Echo echo{loop, {*IpAddress::from_text(row.listens), 0}};
            std::string answer;
            // Connected: what comes from another address never gets here.
            const auto asker =
                connected(loop, {*IpAddress::from_text(row.asked), echo.socket->local().port},
                          {.on_receive =
                               [&](std::span<std::uint8_t> bytes, const Endpoint&) {
                                   answer = as_text(bytes);
                                   loop.stop();
                               },
                           .on_error = {}});
            REQUIRE(asker->send(as_bytes("who?")).has_value());
            run_to_stop(loop);
            CHECK(answer == "who?");
        }
    }
}

TEST_CASE("a burst of datagrams arrives whole and in order", "[net]") {
    constexpr int burst = 200;
    Loop loop;
    std::vector<std::string> got;
    const auto receiver =
        bound(loop, loopback(), [&](std::span<std::uint8_t> bytes, const UdpListener::Arrival&) {
            got.emplace_back(as_text(bytes));
            if (got.size() == burst) {
                loop.stop();
            }
        });
    const auto sender = connected(loop, receiver->local());
    std::vector<std::string> sent;
    for (int i = 0; i < burst; ++i) {
        sent.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i), 'x'));
        REQUIRE(sender->send(as_bytes(sent.back())).has_value());
    }
    run_to_stop(loop);
    CHECK(got == sent);
}

TEST_CASE("a UDP socket may be destroyed while it receives a burst", "[net]") {
    Loop loop;
    int received = 0;
    std::unique_ptr<UdpListener> receiver;
    receiver = bound(loop, loopback(), [&](std::span<std::uint8_t>, const UdpListener::Arrival&) {
        ++received;
        receiver.reset();
        loop.post([&] { loop.stop(); });
    });
    const auto sender = connected(loop, receiver->local());
    for (int i = 0; i < 8; ++i) {
        REQUIRE(sender->send(as_bytes("x")).has_value());
    }
    run_to_stop(loop);
    CHECK(received == 1);
}

TEST_CASE("a connected UDP socket learns that no one listens", "[net]") {
    Loop loop;
    Endpoint unused;
    { unused = bound(loop, loopback())->local(); }
    test::settle(loop);
    std::optional<Errc> code;
    auto asker = UdpSocket::connect(loop, unused, {},
                                    {.on_receive = {}, .on_error = [&](const Error& error) {
                                         code = error.code();
                                         loop.stop();
                                     }});
    REQUIRE(asker.has_value());
    REQUIRE((*asker)->send(as_bytes("anyone?")).has_value());
    run_to_stop(loop);
    CHECK(code == Errc::peer_unreachable);
}

TEST_CASE("an address that is taken or not ours cannot be bound", "[net]") {
    Loop loop;
    const auto first = bound(loop, loopback());
    const auto second = UdpListener::bind(loop, first->local(), {});
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code() == Errc::network);
    CHECK(second.error().detail() ==
          "UDP socket at " + first->local().to_text() + ": address already in use");
    const Endpoint foreign{*IpAddress::from_text("203.0.113.77"), 0};
    CHECK_FALSE(UdpListener::bind(loop, foreign, {}).has_value());
}

TEST_CASE("what the kernel refuses to send is an error", "[net]") {
    Loop loop;
    const auto sender = connected(loop, bound(loop, loopback())->local());
    const Result<void> sent = sender->send(Bytes(70000));
    REQUIRE_FALSE(sent.has_value());
    CHECK(sent.error().code() == Errc::network);
}

}  // namespace twinzone::net
