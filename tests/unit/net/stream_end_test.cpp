// How streams end: by either side, by failure, and from within each callback.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <sys/socket.h>
#include <unistd.h>

#include "common/net/socket_address.h"
#include "common/net/tcp_stream.h"
#include "tests/unit/net/loopback.h"

namespace twinzone::net {

using test::bytes_of;
using test::Pair;
using test::run_to_stop;

namespace {

void no_read(std::span<std::uint8_t>) {}
void no_closed(const Result<void>&) {}

// What on_closed told: nothing yet, an orderly end, or a code.
struct End {
    bool is_told = false;
    std::optional<Errc> code;

    [[nodiscard]] std::function<void(const Result<void>&)> teller(Loop& loop) {
        return [this, &loop](const Result<void>& result) {
            REQUIRE_FALSE(is_told);
            is_told = true;
            if (!result) {
                code = result.error().code();
            }
            loop.stop();
        };
    }
};

// An endpoint where no one listens.
Endpoint dead_end(Loop& loop) {
    auto listener = TcpListener::listen(loop, test::loopback(), 1, {});
    REQUIRE(listener.has_value());
    return (*listener)->local();
}

}  // namespace

TEST_CASE("a peer's close is an orderly end, told once", "[net]") {
    Loop loop;
    Pair pair{loop};
    End end;
    pair.a->start(no_read, end.teller(loop));
    pair.z.reset();
    run_to_stop(loop);
    CHECK(end.is_told);
    CHECK_FALSE(end.code);
    CHECK_FALSE(pair.a->is_open());
    test::settle(loop);
}

TEST_CASE("shutdown sends what is queued, then the end, and reads on", "[net]") {
    constexpr std::size_t total = std::size_t{16} << 20;
    Loop loop;
    const Pair pair{loop};
    std::size_t received = 0;
    pair.z->start(
        [&](std::span<std::uint8_t> bytes) {
            received += bytes.size();
            if (received == total) {
                pair.z->write(bytes_of("thanks"));
                pair.z->shutdown();
            }
        },
        no_closed);
    std::string answer;
    End end;
    pair.a->start([&](std::span<std::uint8_t> bytes) { answer += as_text(bytes); },
                  end.teller(loop));
    pair.a->write(Bytes(total));
    pair.a->shutdown();
    pair.a->write(bytes_of("too late"));
    run_to_stop(loop);
    CHECK(received == total);
    CHECK(answer == "thanks");
    CHECK_FALSE(end.code);
}

TEST_CASE("a peer that only ends its sending side still gets what is queued", "[net]") {
    constexpr std::size_t total = std::size_t{16} << 20;
    Loop loop;
    const Pair pair{loop};
    End end;
    pair.z->start([&](std::span<std::uint8_t>) { pair.z->write(Bytes(total)); }, no_closed);
    std::size_t received = 0;
    pair.a->start([&](std::span<std::uint8_t> bytes) { received += bytes.size(); },
                  end.teller(loop));
    pair.a->write(bytes_of("query"));
    pair.a->shutdown();
    run_to_stop(loop);
    CHECK(received == total);
    CHECK_FALSE(end.code);
}

TEST_CASE("a refused connection is told after connect returned, and the stream is closed",
          "[net]") {
    Loop loop;
    const Endpoint nowhere = dead_end(loop);
    std::optional<Errc> code;
    const auto stream = TcpStream::connect(loop, nowhere, {}, [&](const Result<void>& result) {
        REQUIRE_FALSE(result.has_value());
        code = result.error().code();
        loop.stop();
    });
    CHECK_FALSE(code);
    run_to_stop(loop);
    CHECK(code == Errc::peer_unreachable);
    CHECK_FALSE(stream->is_open());
}

TEST_CASE("a source address that is not ours fails the connect, not the process", "[net]") {
    Loop loop;
    std::optional<Errc> code;
    const auto stream =
        TcpStream::connect(loop, Endpoint{IpAddress::v4({127, 0, 0, 1}), 1},
                           IpAddress::v4({203, 0, 113, 77}), [&](const Result<void>& result) {
                               REQUIRE_FALSE(result.has_value());
                               code = result.error().code();
                               loop.stop();
                           });
    CHECK_FALSE(code);
    run_to_stop(loop);
    CHECK(code == Errc::network);
}

TEST_CASE("a stream dropped while connecting tells nothing", "[net]") {
    Loop loop;
    const Endpoint nowhere = dead_end(loop);
    auto stream =
        TcpStream::connect(loop, nowhere, {}, [](const Result<void>&) { FAIL("told the dead"); });
    stream.reset();
    test::settle(loop);
}

TEST_CASE("a reset by the peer is a failure, and unsent writes are let go untold", "[net]") {
    Loop loop;
    std::unique_ptr<TcpStream> z;
    const auto listener = TcpListener::listen(loop, test::loopback(), 16,
                                              {.on_accept =
                                                   [&](std::unique_ptr<TcpStream> stream) {
                                                       z = std::move(stream);
                                                       loop.stop();
                                                   },
                                               .on_error = {}});
    REQUIRE(listener.has_value());
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    const SocketAddress address{(*listener)->local()};
    REQUIRE(::connect(client, address.get(), address.size()) == 0);
    run_to_stop(loop);

    End end;
    z->start(no_read, end.teller(loop));
    auto owned = std::make_shared<const Bytes>(std::size_t{32} << 20);
    const std::weak_ptr<const Bytes> watched = owned;
    const ByteView whole{*owned};
    z->write({&whole, 1}, std::move(owned), [] { FAIL("written to a dead peer"); });
    // Closing with a linger time of zero sends a reset (socket(7)).
    const linger reset{.l_onoff = 1, .l_linger = 0};
    REQUIRE(setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0);
    ::close(client);
    run_to_stop(loop);
    CHECK(end.code == Errc::peer_unreachable);
    CHECK(watched.expired());
    CHECK(z->queued_bytes() == 0);
    z->write(bytes_of("after"), [] { FAIL("written after the end"); });
    test::settle(loop);
}

TEST_CASE("a failure before start is told by start", "[net]") {
    Loop loop;
    Pair pair{loop};
    pair.z.reset();
    test::settle(loop);
    // The first write makes the peer's kernel send a reset, the second fails.
    pair.a->write(bytes_of("1"));
    test::settle(loop);
    pair.a->write(bytes_of("2"));
    test::settle(loop);
    REQUIRE_FALSE(pair.a->is_open());
    End end;
    pair.a->start(no_read, end.teller(loop));
    CHECK_FALSE(end.is_told);
    run_to_stop(loop);
    CHECK(end.code == Errc::peer_unreachable);
}

TEST_CASE("a stream may be closed or destroyed in its own on_read", "[net]") {
    const bool is_destroyed = GENERATE(false, true);
    Loop loop;
    Pair pair{loop};
    int reads = 0;
    const auto captured = std::make_shared<int>(0);
    pair.z->start(
        [&, captured](std::span<std::uint8_t> bytes) {
            ++reads;
            if (is_destroyed) {
                pair.z.reset();
            } else {
                pair.z->close();
            }
            // Both the octets and this function live until it returns.
            CHECK(bytes[0] == '1');
            CHECK(captured.use_count() == 2);
            loop.stop();
        },
        [](const Result<void>&) { FAIL("told of its own close"); });
    pair.a->write(bytes_of("1"));
    pair.a->write(Bytes(Stream::kMaxReadBytes * 3));
    run_to_stop(loop);
    test::settle(loop);
    CHECK(reads == 1);
    CHECK(captured.use_count() == 1);
}

TEST_CASE("a stream may be closed or destroyed in its own on_written", "[net]") {
    const bool is_destroyed = GENERATE(false, true);
    Loop loop;
    Pair pair{loop};
    pair.a->start(no_read, [](const Result<void>&) { FAIL("told of its own close"); });
    pair.a->write(bytes_of("1"), [&] {
        if (is_destroyed) {
            pair.a.reset();
        } else {
            pair.a->close();
        }
        loop.stop();
    });
    pair.a->write(Bytes(std::size_t{32} << 20), [] { FAIL("written after close"); });
    run_to_stop(loop);
    test::settle(loop);
}

TEST_CASE("a stream may be destroyed in its own on_closed", "[net]") {
    Loop loop;
    Pair pair{loop};
    pair.a->start(no_read, [&](const Result<void>&) {
        pair.a.reset();
        loop.stop();
    });
    pair.z->close();
    run_to_stop(loop);
    CHECK(pair.a == nullptr);
}

TEST_CASE("a stream may be destroyed in its own on_connected", "[net]") {
    const bool is_refused = GENERATE(false, true);
    Loop loop;
    const auto listener = TcpListener::listen(
        loop, test::loopback(), 16,
        {.on_accept = [](const std::unique_ptr<TcpStream>&) {}, .on_error = {}});
    REQUIRE(listener.has_value());
    const Endpoint to = is_refused ? dead_end(loop) : (*listener)->local();
    std::unique_ptr<TcpStream> stream;
    stream = TcpStream::connect(loop, to, {}, [&](const Result<void>&) {
        stream.reset();
        loop.stop();
    });
    run_to_stop(loop);
    CHECK(stream == nullptr);
}

TEST_CASE("an end releases the functions, also those that own the stream", "[net]") {
    Loop loop;
    Pair pair{loop};
    // The stream owns a function that owns the stream.
    const std::shared_ptr<TcpStream> owner = std::move(pair.a);
    const std::weak_ptr<TcpStream> watched = owner;
    owner->start([owner](std::span<std::uint8_t>) {},
                 [owner, &loop](const Result<void>&) { loop.stop(); });
    std::shared_ptr<TcpStream>{}.swap(const_cast<std::shared_ptr<TcpStream>&>(owner));
    REQUIRE_FALSE(watched.expired());
    pair.z.reset();
    run_to_stop(loop);
    CHECK(watched.expired());
}

TEST_CASE("a stream destroyed with writes waiting lets go of what they borrowed", "[net]") {
    Loop loop;
    Pair pair{loop};
    auto owned = std::make_shared<const Bytes>(std::size_t{32} << 20);
    const std::weak_ptr<const Bytes> watched = owned;
    const ByteView whole{*owned};
    pair.a->write({&whole, 1}, std::move(owned), [] { FAIL("written after the end"); });
    pair.a.reset();
    test::settle(loop);
    CHECK(watched.expired());
}

}  // namespace twinzone::net
