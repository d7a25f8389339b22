#include "common/net/dns_frames.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace twinzone::net {

namespace {

void append_framed(Bytes& stream, const Bytes& message) {
    stream.push_back(static_cast<std::uint8_t>(message.size() >> 8));
    stream.push_back(static_cast<std::uint8_t>(message.size()));
    stream.insert(stream.end(), message.begin(), message.end());
}

// Feeds a copy of `chunk` and takes all messages.
void feed_copy(DnsFrames& frames, ByteView chunk, std::vector<Bytes>& messages) {
    Bytes owned{chunk.begin(), chunk.end()};
    frames.feed(owned);
    while (true) {
        Result<std::optional<DnsFrames::Message>> next = frames.next();
        REQUIRE(next.has_value());
        if (!next->has_value()) {
            return;
        }
        messages.emplace_back((**next).begin(), (**next).end());
    }
}

const std::vector<Bytes> kMessages{{1}, {2, 2, 2}, Bytes(300, 3), {4}};

Bytes framed(const std::vector<Bytes>& messages) {
    Bytes stream;
    for (const Bytes& message : messages) {
        append_framed(stream, message);
    }
    return stream;
}

}  // namespace

TEST_CASE("messages come out whole wherever the stream is cut", "[net]") {
    const Bytes stream = framed(kMessages);
    const ByteView whole{stream};
    for (std::size_t first = 0; first <= stream.size(); ++first) {
        for (std::size_t second = first; second <= stream.size(); second += 7) {
            DnsFrames frames;
            std::vector<Bytes> messages;
            feed_copy(frames, whole.first(first), messages);
            feed_copy(frames, whole.subspan(first, second - first), messages);
            feed_copy(frames, whole.subspan(second), messages);
            REQUIRE(messages == kMessages);
            REQUIRE(frames.is_at_boundary());
        }
    }
}

TEST_CASE("messages come out whole from single octets", "[net]") {
    const Bytes stream = framed(kMessages);
    DnsFrames frames;
    std::vector<Bytes> messages;
    for (const std::uint8_t& octet : stream) {
        feed_copy(frames, {&octet, 1}, messages);
    }
    CHECK(messages == kMessages);
}

TEST_CASE("messages of all sizes survive random chunks", "[net]") {
    std::mt19937 random{7};
    std::vector<Bytes> sent;
    for (int i = 0; i < 60; ++i) {
        const std::size_t size = i % 5 == 0 ? 65535 : random() % 20000 + 1;
        sent.emplace_back(size, static_cast<std::uint8_t>(i));
    }
    const Bytes stream = framed(sent);
    DnsFrames frames;
    std::vector<Bytes> got;
    for (ByteView rest{stream}; !rest.empty();) {
        const std::size_t size = std::min<std::size_t>(rest.size(), random() % 100000 + 1);
        feed_copy(frames, rest.first(size), got);
        rest = rest.subspan(size);
    }
    CHECK(got == sent);
}

TEST_CASE("a message that is whole in the chunk is not copied", "[net]") {
    Bytes chunk = framed({{7, 8, 9}});
    DnsFrames frames;
    frames.feed(chunk);
    const auto message = frames.next();
    REQUIRE(message.has_value());
    REQUIRE(message->has_value());
    CHECK((**message).data() == chunk.data() + 2);
}

TEST_CASE("a cut message is not at a boundary", "[net]") {
    DnsFrames frames;
    std::vector<Bytes> messages;
    CHECK(frames.is_at_boundary());
    feed_copy(frames, Bytes{0}, messages);
    CHECK_FALSE(frames.is_at_boundary());
    feed_copy(frames, Bytes{2, 5}, messages);
    CHECK_FALSE(frames.is_at_boundary());
    feed_copy(frames, Bytes{6}, messages);
    CHECK(frames.is_at_boundary());
    CHECK(messages == std::vector<Bytes>{{5, 6}});
}

TEST_CASE("a length of zero is malformed, cut or not", "[net]") {
    const bool is_cut = GENERATE(false, true);
    Bytes first{0};
    Bytes second{0, 1, 2};
    Bytes whole{0, 0, 1, 2};
    DnsFrames frames;
    if (is_cut) {
        frames.feed(first);
        REQUIRE(frames.next().has_value());
    }
    frames.feed(is_cut ? second : whole);
    const auto message = frames.next();
    REQUIRE_FALSE(message.has_value());
    CHECK(message.error().code() == Errc::message_malformed);
}

TEST_CASE("held octets outlive the chunk they came in", "[net]") {
    std::vector<Bytes> got;
    DnsFrames frames;
    const auto take = [&] {
        const auto message = frames.next();
        REQUIRE(message.has_value());
        if (!message->has_value()) {
            return false;
        }
        got.emplace_back((**message).begin(), (**message).end());
        return true;
    };
    {
        Bytes chunk = framed(kMessages);
        chunk.pop_back();  // and so is the last message's only octet
        frames.feed(chunk);
        REQUIRE(take());
        frames.hold();
        std::fill(chunk.begin(), chunk.end(), std::uint8_t{0xee});
    }
    REQUIRE(take());
    frames.hold();  // again, now from its own copy
    REQUIRE(take());
    CHECK_FALSE(take());
    Bytes rest{4};
    frames.feed(rest);
    CHECK(take());
    CHECK(got == kMessages);
}

}  // namespace twinzone::net
