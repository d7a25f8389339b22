// Many messages in one exchange, RFC 8945 §5.3.1; the fix of a CVE once broke them in BIND.
#include <algorithm>

#include "tests/support/catch.h"
#include "tests/unit/dns/tsig_peer.h"

namespace twinzone::dns {

using test::concat;
using test::kNow;
using test::TsigPeer;

namespace {

// Message number `i` of a stream, all different.
Bytes numbered(unsigned i) {
    Bytes rdata(4);
    store_u32(rdata.data(), i);
    Bytes message = concat({test::answer(), test::hex("c00c 0001 0001 00000e10 0004"), rdata});
    store_u16(message.data() + 6, 1);
    return message;
}

struct Stream {
    TsigClient client{test::key()};
    TsigPeer server;
    unsigned count = 0;

    Stream() {
        Bytes request = test::query();
        REQUIRE(client.sign_request(request, kNow));
        server.chain(test::mac_in(request));
    }

    // The next message arrives; its content comes out of verify() unchanged.
    [[nodiscard]] Result<void> next(bool with_signature) {
        const Bytes plain = numbered(count++);
        Bytes message = plain;
        if (with_signature) {
            message = server.sign(plain);
        } else {
            server.pass_unsigned(plain);
        }
        const Result<std::size_t> left = client.verify(message, kNow);
        if (!left) {
            return fail(left.error());
        }
        message.resize(*left);
        CHECK(message == plain);
        CHECK(client.last_was_signed() == with_signature);
        return {};
    }
};

}  // namespace

TEST_CASE("a stream of 300 signed messages verifies", "[dns][tsig][R18]") {
    Stream stream;
    for (int i = 0; i < 300; ++i) {
        REQUIRE(stream.next(true));
    }
}

TEST_CASE("a stream may leave 99 messages unsigned between two signed ones", "[dns][tsig][R18]") {
    Stream stream;
    REQUIRE(stream.next(true));
    for (int run = 0; run < 3; ++run) {
        for (int i = 0; i < 99; ++i) {
            REQUIRE(stream.next(false));
        }
        REQUIRE(stream.next(true));
    }
    CHECK(stream.count == 301);
}

TEST_CASE("the 100th unsigned message in a row is one too many", "[dns][tsig][R18]") {
    Stream stream;
    REQUIRE(stream.next(true));
    for (int i = 0; i < 99; ++i) {
        REQUIRE(stream.next(false));
    }
    const Result<void> one_more = stream.next(false);
    REQUIRE_FALSE(one_more);
    CHECK(one_more.error().code() == Errc::tsig_missing);
}

TEST_CASE("a first unsigned message ends a stream", "[dns][tsig]") {
    Stream stream;
    CHECK(stream.next(false).error().code() == Errc::tsig_missing);
}

TEST_CASE("a stream that ends unsigned says so", "[dns][tsig][R18]") {
    Stream stream;
    REQUIRE(stream.next(true));
    REQUIRE(stream.next(false));
    CHECK_FALSE(stream.client.last_was_signed());
}

TEST_CASE("a message lost, added, changed or swapped breaks a stream", "[dns][tsig]") {
    enum class Attack { lost_unsigned, lost_signed, added, changed, swapped, repeated };
    for (const Attack attack : {Attack::lost_unsigned, Attack::lost_signed, Attack::added,
                                Attack::changed, Attack::swapped, Attack::repeated}) {
        DYNAMIC_SECTION(static_cast<int>(attack)) {
            Stream stream;
            std::vector<Bytes> wire = {stream.server.sign(numbered(0)), numbered(1), numbered(2)};
            stream.server.pass_unsigned(numbered(1));
            stream.server.pass_unsigned(numbered(2));
            wire.push_back(stream.server.sign(numbered(3)));
            wire.push_back(stream.server.sign(numbered(4)));
            switch (attack) {
                case Attack::lost_unsigned: wire.erase(wire.begin() + 1); break;
                case Attack::lost_signed: wire.erase(wire.begin() + 3); break;
                case Attack::added: wire.insert(wire.begin() + 1, numbered(9)); break;
                case Attack::changed: wire[2].back() ^= 1; break;
                case Attack::swapped: std::swap(wire[1], wire[2]); break;
                case Attack::repeated: wire.insert(wire.begin() + 3, wire[0]); break;
            }
            bool refused = false;
            for (Bytes& message : wire) {
                const Result<std::size_t> left = stream.client.verify(message, kNow);
                if (!left) {
                    CHECK(left.error().code() == Errc::tsig_bad_signature);
                    refused = true;
                    break;
                }
            }
            CHECK(refused);
        }
    }
}

TEST_CASE("time is checked on each signed message of a stream", "[dns][tsig]") {
    Stream stream;
    REQUIRE(stream.next(true));
    Bytes late = stream.server.sign(numbered(1));
    CHECK(stream.client.verify(late, kNow + seconds{301}).error().code() == Errc::tsig_bad_time);
}

TEST_CASE("our server signs each message of a stream, given in parts", "[dns][tsig]") {
    TsigClient client{test::key()};
    TsigPeer peer;
    Bytes request = peer.sign(test::query());
    Bytes same_request = test::query();
    REQUIRE(client.sign_request(same_request, kNow));
    Result<TsigServer> server = TsigServer::check(request, test::keyring(), kNow);
    REQUIRE(server);
    for (unsigned i = 0; i < 250; ++i) {
        const Bytes plain = numbered(i);
        // A header of its own and a borrowed body, as pages are sent.
        const ByteView whole{plain};
        const ByteView parts[] = {whole.first(kHeaderBytes),
                                  whole.subspan(kHeaderBytes, 9),
                                  {},
                                  whole.subspan(kHeaderBytes + 9)};
        const Result<Bytes> record = server->sign(parts, kNow + seconds{i});
        REQUIRE(record);
        REQUIRE(record->size() == server->reserve_bytes());
        Bytes message = test::with_tsig(plain, *record);
        test::TsigFields fields;
        fields.signed_at += i;
        REQUIRE(test::mac_in(message) == test::mac_in(peer.sign(plain, fields)));
        const Result<std::size_t> left = client.verify(message, kNow + seconds{i});
        REQUIRE(left);
        REQUIRE(*left == plain.size());
    }
}

}  // namespace twinzone::dns
