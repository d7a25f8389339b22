#include "common/dns/tsig_client.h"

#include "common/base/random.h"
#include "tests/support/catch.h"
#include "tests/unit/dns/tsig_peer.h"

namespace twinzone::dns {

using Catch::Matchers::Contains;
using test::concat;
using test::hex;
using test::kNow;
using test::TsigFields;
using test::TsigPeer;
using test::wire;

namespace {

// A client that has sent its request, and the server it was sent to.
struct Exchange {
    TsigClient client{test::key()};
    TsigPeer server;

    Exchange() {
        Bytes request = test::query();
        REQUIRE(client.sign_request(request, kNow));
        server.chain(test::mac_in(request));
    }

    [[nodiscard]] Result<std::size_t> verify(Bytes message, UnixTime now = kNow) {
        return client.verify(message, now);
    }
};

Bytes u48(std::uint64_t number) {
    Bytes out;
    ByteWriter{out}.u48(number);
    return out;
}

}  // namespace

TEST_CASE("a signed answer comes out without its TSIG", "[dns][tsig]") {
    Exchange exchange;
    CHECK_FALSE(exchange.client.last_was_signed());
    Bytes answer = exchange.server.sign(test::answer());
    const Result<std::size_t> left = exchange.client.verify(answer, kNow);
    REQUIRE(left);
    answer.resize(*left);
    CHECK(answer == test::answer());
    CHECK(exchange.client.last_was_signed());
}

TEST_CASE("a signed refusal is an answer like any other", "[dns][tsig]") {
    Exchange exchange;
    CHECK(exchange.verify(exchange.server.sign(test::answer(5))));
}

TEST_CASE("an answer without TSIG fails at once and says its rcode", "[dns][tsig]") {
    struct Row {
        std::uint8_t rcode;
        const char* words;
    };
    for (const Row& row : {Row{0, "NOERROR"}, Row{5, "REFUSED"}, Row{9, "NOTAUTH"}}) {
        Exchange exchange;
        const Result<std::size_t> left = exchange.verify(test::answer(row.rcode));
        REQUIRE_FALSE(left);
        CHECK(left.error().code() == Errc::tsig_missing);
        CHECK_THAT(left.error().detail(), Contains(row.words) && Contains("K1.Example."));
    }
}

TEST_CASE("a truncated answer to a signed query fails at once, CVE-2020-8622", "[dns][tsig][R16]") {
    Exchange exchange;
    Bytes truncated = test::answer();
    truncated[2] |= 0x02;
    CHECK(exchange.verify(truncated).error().code() == Errc::tsig_missing);
}

TEST_CASE("what is wrong with an answer's TSIG is said in words", "[dns][tsig]") {
    struct Row {
        const char* what = nullptr;
        void (*change)(TsigFields&) = nullptr;
        UnixTime now;
        Errc code{};
        const char* words = nullptr;
    };
    const auto nothing = [](TsigFields&) {};
    const Row rows[] = {
        {"late", nothing, kNow + seconds{301}, Errc::tsig_bad_time,
         "signed at 1700000000, our clock 1700000301, fudge 300 s"},
        {"BADTIME",
         [](TsigFields& f) {
             f.error = 18;
             f.other = u48(1700000400);
         },
         kNow, Errc::tsig_bad_time,
         "BADTIME, server's clock 1700000400, our clock 1700000000 (400 s behind)"},
        {"BADTIME, other way",
         [](TsigFields& f) {
             f.error = 18;
             f.other = u48(1699999000);
         },
         kNow, Errc::tsig_bad_time, "(1000 s ahead)"},
        {"BADTIME without a clock", [](TsigFields& f) { f.error = 18; }, kNow, Errc::tsig_bad_time,
         "without the server's clock"},
        {"BADTRUNC", [](TsigFields& f) { f.error = 22; }, kNow, Errc::tsig_bad_truncation,
         "BADTRUNC"},
        {"signed BADSIG", [](TsigFields& f) { f.error = 16; }, kNow, Errc::tsig_bad_signature,
         "BADSIG"},
        {"unknown error", [](TsigFields& f) { f.error = 4711; }, kNow, Errc::rcode, "RCODE4711"},
        {"within the fudge", nothing, kNow + seconds{300}, Errc::internal, nullptr},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.what) {
            Exchange exchange;
            TsigFields fields;
            row.change(fields);
            const Result<std::size_t> left =
                exchange.verify(exchange.server.sign(test::answer(9), fields), row.now);
            REQUIRE(left.has_value() == (row.words == nullptr));
            if (!left) {
                CHECK(left.error().code() == row.code);
                CHECK_THAT(left.error().detail(), Contains(row.words));
            }
        }
    }
}

TEST_CASE("unsigned error answers are believed for their words only", "[dns][tsig]") {
    struct Row {
        std::uint16_t error;
        Errc code;
        const char* words;
    };
    for (const Row& row :
         {Row{16, Errc::tsig_bad_signature, "BADSIG"}, Row{17, Errc::tsig_bad_key, "BADKEY"},
          Row{18, Errc::tsig_bad_time, "BADTIME"}}) {
        Exchange exchange;
        TsigFields fields;
        fields.error = row.error;
        const Result<std::size_t> left =
            exchange.verify(test::with_tsig(test::answer(9), fields.record()));
        REQUIRE_FALSE(left);
        CHECK(left.error().code() == row.code);
        CHECK_THAT(left.error().detail(), Contains(row.words) && Contains("unsigned"));
    }
}

TEST_CASE("a BADTIME answer with a wrong MAC is no word of the server", "[dns][tsig]") {
    Exchange exchange;
    TsigFields fields;
    fields.error = 18;
    fields.other = u48(1700000400);
    fields.mac = Bytes(32, 1);
    const Result<std::size_t> left =
        exchange.verify(test::with_tsig(test::answer(9), fields.record()));
    REQUIRE_FALSE(left);
    CHECK(left.error().code() == Errc::tsig_bad_signature);
}

TEST_CASE("an answer signed otherwise is refused", "[dns][tsig]") {
    struct Row {
        const char* what;
        void (*change)(TsigFields&);
        Errc code;
    };
    const Row rows[] = {
        {"another key", [](TsigFields& f) { f.owner = wire("k2.example."); }, Errc::tsig_bad_key},
        {"another algorithm", [](TsigFields& f) { f.algorithm = wire("hmac-sha512."); },
         Errc::tsig_bad_key},
        {"no MAC", [](TsigFields& f) { f.mac.clear(); }, Errc::tsig_bad_truncation},
        {"short MAC", [](TsigFields& f) { f.mac.resize(15); }, Errc::tsig_bad_truncation},
        {"long MAC", [](TsigFields& f) { f.mac.resize(33); }, Errc::tsig_bad_truncation},
        {"class IN", [](TsigFields& f) { f.rr_class = 1; }, Errc::message_malformed},
        {"another original ID", [](TsigFields& f) { f.original_id = 1; }, Errc::tsig_bad_signature},
        {"another time", [](TsigFields& f) { f.signed_at++; }, Errc::tsig_bad_signature},
        {"another fudge", [](TsigFields& f) { f.fudge++; }, Errc::tsig_bad_signature},
        {"another Other field", [](TsigFields& f) { f.other = hex("00"); },
         Errc::tsig_bad_signature},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.what) {
            Exchange exchange;
            TsigFields fields;
            fields.mac = test::mac_in(exchange.server.sign(test::answer()));
            row.change(fields);
            const Result<std::size_t> left =
                exchange.verify(test::with_tsig(test::answer(), fields.record()));
            REQUIRE_FALSE(left);
            CHECK(left.error().code() == row.code);
        }
    }
}

TEST_CASE("an answer to another request does not verify", "[dns][tsig]") {
    Exchange exchange;
    TsigPeer unchained;  // as if it answered a request without MAC
    CHECK(exchange.verify(unchained.sign(test::answer())).error().code() ==
          Errc::tsig_bad_signature);
    Exchange reflected;
    Bytes request = test::query();
    TsigClient other{test::key()};
    REQUIRE(other.sign_request(request, kNow));
    CHECK_FALSE(reflected.verify(request));  // our own request sent back
}

TEST_CASE("a truncated but allowed MAC in an answer verifies", "[dns][tsig]") {
    Exchange exchange;
    TsigFields fields;
    fields.mac = test::mac_in(exchange.server.sign(test::answer()));
    fields.mac.resize(16);
    CHECK(exchange.verify(test::with_tsig(test::answer(), fields.record())));
    // The next one is chained to the MAC as it came.
    exchange.server.chain(fields.mac);
    CHECK(exchange.verify(exchange.server.sign(test::answer())));
}

TEST_CASE("a request without room for TSIG is not signed", "[dns][tsig]") {
    Bytes request = test::query();
    request.resize(kMaxMessageBytes - 10);
    TsigClient client{test::key()};
    CHECK(client.sign_request(request, kNow).error().code() == Errc::limit);
}

TEST_CASE("random changes to a signed answer never verify or crash", "[dns][tsig][R17]") {
    Random random{5};
    for (int round = 0; round < 5000; ++round) {
        Exchange exchange;
        Bytes answer = exchange.server.sign(test::answer());
        const std::size_t at = 2 + random.below(answer.size() - 2);
        const auto octet = static_cast<std::uint8_t>(random.next());
        const bool changes_case_only = lower(octet) == lower(answer[at]);
        answer[at] = octet;
        if (random.below(8) == 0) {
            answer.resize(random.below(answer.size()));
        }
        const Result<std::size_t> left = exchange.verify(answer);
        if (left) {
            CHECK(changes_case_only);
        }
    }
}

}  // namespace twinzone::dns
