#include "common/net/tcp_stream.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/net/loopback.h"

namespace twinzone::net {

using test::bytes_of;
using test::Pair;
using test::pattern_at;
using test::run_to_stop;

namespace {

void no_closed(const Result<void>&) {}
void no_read(std::span<std::uint8_t>) {}

// Checks that what arrives is the pattern from its beginning, `total` octets of it.
class PatternSink {
  public:
    PatternSink(Loop& loop, std::size_t total) : loop_(loop), total_(total) {}

    void operator()(std::span<std::uint8_t> bytes) {
        for (const std::uint8_t octet : bytes) {
            is_good_ = is_good_ && octet == pattern_at(got_++);
        }
        if (got_ >= total_ || !is_good_) {
            loop_.stop();
        }
    }
    [[nodiscard]] bool is_whole() const noexcept { return is_good_ && got_ == total_; }

  private:
    Loop& loop_;
    std::size_t total_;
    std::size_t got_ = 0;
    bool is_good_ = true;
};

Bytes pattern(std::size_t from, std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = pattern_at(from + i);
    }
    return bytes;
}

}  // namespace

TEST_CASE("100 MB in odd chunks come back from an echo as they went", "[net]") {
    constexpr std::size_t total = 100'000'000;
    constexpr std::size_t most_queued = std::size_t{4} << 20;
    Loop loop;
    const Pair pair{loop};
    pair.z->start(
        [&](std::span<std::uint8_t> bytes) {
            pair.z->write(Bytes{bytes.begin(), bytes.end()});
        },
        no_closed);
    PatternSink sink{loop, total};
    pair.a->start(std::ref(sink), no_closed);
    std::size_t sent = 0;
    std::size_t turn = 0;
    const std::function<void()> send_more = [&] {
        while (sent < total && pair.a->queued_bytes() < most_queued) {
            const std::size_t size = std::min((turn++ * 7919) % 99991 + 1, total - sent);
            pair.a->write(pattern(sent, size), send_more);
            sent += size;
        }
    };
    send_more();
    run_to_stop(loop);
    CHECK(sink.is_whole());
    CHECK(pair.a->octets_out() == total);
    CHECK(pair.a->octets_in() == total);
    CHECK(pair.z->octets_in() == total);
}

TEST_CASE("64 MiB of borrowed parts arrive in order and are let go when sent", "[net]") {
    constexpr std::size_t total = std::size_t{64} << 20;
    constexpr std::size_t part_size = 16'368;
    Loop loop;
    const Pair pair{loop};
    PatternSink sink{loop, total};
    pair.z->start(std::ref(sink), no_closed);
    auto owned = std::make_shared<const Bytes>(pattern(0, total));
    const std::weak_ptr<const Bytes> watched = owned;
    // More parts than one system call takes (IOV_MAX is 1024), and empty ones between.
    std::vector<ByteView> parts;
    for (std::size_t at = 0; at < total; at += part_size) {
        parts.push_back(ByteView{*owned}.subspan(at, std::min(part_size, total - at)));
        parts.emplace_back();
    }
    bool is_written = false;
    pair.a->write(parts, std::move(owned), [&] {
        is_written = true;
        CHECK(watched.expired());
        CHECK(pair.a->queued_bytes() == 0);
        CHECK(pair.a->octets_out() == total);
    });
    parts.clear();
    CHECK_FALSE(is_written);
    CHECK(pair.a->octets_out() + pair.a->queued_bytes() == total);
    CHECK(pair.a->queued_bytes() > 0);
    run_to_stop(loop);
    CHECK(sink.is_whole());
    CHECK(is_written);
}

TEST_CASE("writes are told in order, the empty one too", "[net]") {
    Loop loop;
    const Pair pair{loop};
    std::string got;
    pair.z->start(
        [&](std::span<std::uint8_t> bytes) {
            got += as_text(bytes);
            if (got.size() == 3) {
                loop.stop();
            }
        },
        no_closed);
    std::string told;
    pair.a->write(bytes_of("a"), [&] { told += 'a'; });
    pair.a->write({}, nullptr, [&] { told += '-'; });
    pair.a->write(bytes_of("bc"), [&] { told += 'b'; });
    CHECK(told.empty());
    run_to_stop(loop);
    test::settle(loop);
    CHECK(got == "abc");
    CHECK(told == "a-b");
}

TEST_CASE("a write made while connecting is sent once connected", "[net]") {
    Loop loop;
    std::string got;
    std::unique_ptr<TcpStream> z;
    const auto listener = TcpListener::listen(loop, test::loopback(), 16,
                                              {.on_accept =
                                                   [&](std::unique_ptr<TcpStream> stream) {
                                                       z = std::move(stream);
                                                       z->start(
                                                           [&](std::span<std::uint8_t> bytes) {
                                                               got = as_text(bytes);
                                                               loop.stop();
                                                           },
                                                           no_closed);
                                                   },
                                               .on_error = {}});
    REQUIRE(listener.has_value());
    const auto a = TcpStream::connect(loop, (*listener)->local(), {}, [](const Result<void>&) {});
    a->write(bytes_of("early"));
    run_to_stop(loop);
    CHECK(got == "early");
}

TEST_CASE("both ends know the same two endpoints, and the source is the one asked for", "[net]") {
    const IpAddress source = IpAddress::v4({127, 0, 0, 9});
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
    const auto a =
        TcpStream::connect(loop, (*listener)->local(), source, [](const Result<void>&) {});
    run_to_stop(loop);
    CHECK(a->peer() == (*listener)->local());
    CHECK(z->local() == (*listener)->local());
    CHECK(z->peer() == a->local());
    CHECK(z->peer().address == source);
    a->close();
    CHECK(a->local() == Endpoint{});
}

TEST_CASE("a paused stream reads nothing until it is resumed", "[net]") {
    Loop loop;
    const Pair pair{loop};
    std::string got;
    pair.z->pause_reading();
    pair.z->start(
        [&](std::span<std::uint8_t> bytes) {
            got += as_text(bytes);
            pair.z->pause_reading();
            loop.stop();
        },
        no_closed);
    pair.a->write(bytes_of("one"));
    test::settle(loop);
    CHECK(got.empty());
    pair.z->resume_reading();
    run_to_stop(loop);
    CHECK(got == "one");
    pair.a->write(bytes_of("two"));
    test::settle(loop);
    CHECK(got == "one");
    pair.z->resume_reading();
    run_to_stop(loop);
    CHECK(got == "onetwo");
}

TEST_CASE("a reader that stops makes the writer's queue grow, and nothing is told written",
          "[net]") {
    constexpr std::size_t total = std::size_t{32} << 20;
    Loop loop;
    const Pair pair{loop};
    pair.z->pause_reading();
    pair.z->start(no_read, no_closed);
    bool is_written = false;
    pair.a->write(Bytes(total), [&] { is_written = true; });
    test::settle(loop);
    CHECK_FALSE(is_written);
    CHECK(pair.a->queued_bytes() > 0);
    const std::uint64_t taken = total - pair.a->queued_bytes();
    CHECK(pair.a->octets_out() == taken);
    pair.a->close();
    CHECK(pair.a->queued_bytes() == 0);
    CHECK(pair.a->octets_out() == taken);
}

}  // namespace twinzone::net
