#include "common/dns/tsig_server.h"

#include <algorithm>

#include "common/base/random.h"
#include "tests/support/catch.h"
#include "tests/unit/dns/tsig_peer.h"

namespace twinzone::dns {

using test::concat;
using test::hex;
using test::kNow;
using test::TsigFields;
using test::TsigPeer;
using test::wire;
using Verdict = TsigServer::Verdict;

namespace {

Result<TsigServer> check(Bytes request, UnixTime now = kNow) {
    return TsigServer::check(request, test::keyring(), now);
}

// The TSIG record of an answer, read back.
TsigFields fields_of(const Bytes& record) {
    const Bytes message = test::with_tsig(test::answer(), record);
    const Result<std::optional<FoundTsig>> found = find_tsig(message);
    REQUIRE(found);
    REQUIRE(*found);
    const TsigRecord& tsig = (*found)->record;
    TsigFields fields;
    fields.signed_at = tsig.signed_at;
    fields.fudge = tsig.fudge;
    fields.mac.assign(tsig.mac.begin(), tsig.mac.end());
    fields.original_id = tsig.original_id;
    fields.error = static_cast<std::uint16_t>(tsig.error);
    fields.other.assign(tsig.other.begin(), tsig.other.end());
    return fields;
}

TsigFields sign_answer(TsigServer& server, UnixTime now = kNow) {
    const Bytes plain = test::answer(9);
    const ByteView parts[] = {plain};
    const Result<Bytes> record = server.sign(parts, now);
    REQUIRE(record);
    CHECK(record->size() == server.reserve_bytes());
    return fields_of(*record);
}

Bytes u48(std::uint64_t number) {
    Bytes out;
    ByteWriter{out}.u48(number);
    return out;
}

}  // namespace

TEST_CASE("a request that is not signed is answered without TSIG", "[dns][tsig]") {
    Result<TsigServer> server = check(test::query());
    REQUIRE(server);
    CHECK(server->verdict() == Verdict::unsigned_request);
    CHECK(server->request_bytes() == test::query().size());
    CHECK(server->reserve_bytes() == 0);
    CHECK(server->key() == nullptr);
    CHECK_FALSE(server->reason());
    const Bytes plain = test::answer();
    const ByteView parts[] = {plain};
    CHECK(server->sign(parts, kNow)->empty());
}

TEST_CASE("a valid request loses its TSIG", "[dns][tsig]") {
    Bytes request = TsigPeer{}.sign(test::query());
    const Result<TsigServer> server = TsigServer::check(request, test::keyring(), kNow);
    REQUIRE(server);
    CHECK(server->verdict() == Verdict::valid);
    CHECK(server->key()->name() == test::name("k1.example."));
    request.resize(server->request_bytes());
    CHECK(request == test::query());
}

TEST_CASE("a forwarder's new ID does not break the MAC", "[dns][tsig]") {
    Bytes request = TsigPeer{}.sign(test::query());
    store_u16(request.data(), 0xbeef);
    const Result<TsigServer> server = TsigServer::check(request, test::keyring(), kNow);
    REQUIRE(server);
    CHECK(server->verdict() == Verdict::valid);
    CHECK(load_u16(request.data()) == 0xbeef);
}

TEST_CASE("names compare without case, and the key name may be compressed", "[dns][tsig]") {
    TsigFields fields;
    fields.mac = TsigPeer{}.mac(concat({test::query(), fields.variables()}));
    fields.owner = wire("K1.eXample.");
    fields.algorithm = wire("HMAC-Sha256.");
    CHECK(check(test::with_tsig(test::query(), fields.record()))->verdict() == Verdict::valid);

    // "k1" and a pointer to "example." of the question, which is k1.example.
    const Bytes query =
        concat({hex("1234 0000 0001 0000 0000 0000"), wire("z.example."), hex("0006 0001")});
    TsigFields compressed;
    compressed.mac = TsigPeer{}.mac(concat({query, compressed.variables()}));
    compressed.owner = hex("02 6b31 c00e");
    CHECK(check(test::with_tsig(query, compressed.record()))->verdict() == Verdict::valid);
}

TEST_CASE("the time signed may be off by the fudge and no more", "[dns][tsig][R14]") {
    struct Row {
        const char* what;
        std::uint64_t signed_at;
        std::int64_t now;
        std::uint16_t fudge;
        bool valid;
    };
    constexpr std::uint64_t kMost = 0xffffffffffff;
    const Row rows[] = {
        {"equal", 1700000000, 1700000000, 0, true},
        {"one second and no fudge", 1700000000, 1700000001, 0, false},
        {"late by the fudge", 1700000000, 1700000300, 300, true},
        {"later", 1700000000, 1700000301, 300, false},
        {"early by the fudge", 1700000300, 1700000000, 300, true},
        {"earlier", 1700000301, 1700000000, 300, false},
        {"beyond 32 bits", 0x100000000, 0x100000000, 300, true},
        {"differs in the upper bits only", 0x16553f100, 0x6553f100, 300, false},
        {"end of 48 bits", kMost, static_cast<std::int64_t>(kMost), 300, true},
        {"no wrap at the end", kMost, 0, 65535, false},
        {"no wrap at the start", 0, static_cast<std::int64_t>(kMost), 65535, false},
        {"near the start", 0, 300, 300, true},
        {"a clock before 1970", 0, -5, 300, true},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.what) {
            TsigFields fields;
            fields.signed_at = row.signed_at;
            fields.fudge = row.fudge;
            const Result<TsigServer> server =
                check(TsigPeer{}.sign(test::query(), fields), UnixTime{row.now});
            REQUIRE(server);
            CHECK(server->verdict() == (row.valid ? Verdict::valid : Verdict::refused));
        }
    }
}

TEST_CASE("BADTIME is signed, with the client's time and ours", "[dns][tsig]") {
    TsigPeer client;
    Result<TsigServer> server = check(client.sign(test::query()), kNow + seconds{1000});
    REQUIRE(server);
    REQUIRE(server->verdict() == Verdict::refused);
    CHECK(server->key() == nullptr);
    CHECK(server->reason()->code() == Errc::tsig_bad_time);
    CHECK_THAT(server->reason()->detail(), Catch::Matchers::Contains("signed at 1700000000") &&
                                               Catch::Matchers::Contains("1700001000"));
    const TsigFields fields = sign_answer(*server, kNow + seconds{1000});
    CHECK(fields.error == 18);
    CHECK(fields.signed_at == 1700000000);  // RFC 8945 §5.2.3
    CHECK(fields.fudge == 300);
    CHECK(fields.other == u48(1700001000));
    // RFC 8945 §5.3.2: over the request's MAC, too.
    TsigFields expected;
    expected.error = 18;
    expected.other = u48(1700001000);
    const Bytes signed_answer = client.sign(test::answer(9), expected);
    CHECK(fields.mac == test::mac_in(signed_answer));
}

TEST_CASE("BADTIME sent back as a request is refused, CVE-2020-8617", "[dns][tsig][R15]") {
    TsigPeer client;
    Result<TsigServer> server = check(client.sign(test::query()), kNow + seconds{1000});
    const Bytes plain = test::answer(9);
    const ByteView parts[] = {plain};
    Bytes replayed = test::with_tsig(plain, *server->sign(parts, kNow + seconds{1000}));
    for (const std::uint8_t flags : hex("84 04 00")) {
        replayed[2] = flags;
        const Result<TsigServer> again = check(replayed, kNow);
        REQUIRE_FALSE(again);
        CHECK(again.error().code() == Errc::message_malformed);
    }
}

TEST_CASE("BADKEY and BADSIG answers are not signed", "[dns][tsig]") {
    struct Row {
        const char* what;
        TsigFields fields;
        std::uint16_t error;
        Errc code;
    };
    TsigFields unknown_key;
    unknown_key.owner = wire("k2.example.");
    TsigFields other_algorithm;
    other_algorithm.algorithm = wire("hmac-sha512.");
    TsigFields md5;
    md5.algorithm = wire("hmac-md5.sig-alg.reg.int.");
    TsigFields root_algorithm;
    root_algorithm.algorithm = hex("00");
    const Row rows[] = {
        {"unknown key", unknown_key, 17, Errc::tsig_bad_key},
        {"not the key's algorithm", other_algorithm, 17, Errc::tsig_bad_key},
        {"no algorithm of ours", md5, 17, Errc::tsig_bad_key},
        {"root as algorithm", root_algorithm, 17, Errc::tsig_bad_key},
        {"wrong MAC", TsigFields{}, 16, Errc::tsig_bad_signature},
    };
    for (Row row : rows) {
        DYNAMIC_SECTION(row.what) {
            row.fields.mac = Bytes(32, 0xab);
            // Long ago, too: the MAC goes before the time (RFC 8945 §5.2).
            Result<TsigServer> server =
                check(test::with_tsig(test::query(), row.fields.record()), kNow + seconds{100000});
            REQUIRE(server);
            CHECK(server->verdict() == Verdict::refused);
            CHECK(server->key() == nullptr);
            CHECK(server->reason()->code() == row.code);
            CHECK(server->request_bytes() == test::query().size());
            const TsigFields answer = sign_answer(*server);
            CHECK(answer.error == row.error);
            CHECK(answer.mac.empty());
            CHECK(answer.other.empty());
            CHECK(answer.original_id == 0x1234);
        }
    }
}

TEST_CASE("a key's name alone opens nothing, CVE-2017-3143", "[dns][tsig][R13]") {
    for (const std::size_t size : {0U, 1U, 9U, 10U, 15U, 33U, 64U}) {
        TsigFields fields;
        fields.mac = Bytes(size, 0);
        const Result<TsigServer> server = check(test::with_tsig(test::query(), fields.record()));
        REQUIRE_FALSE(server);  // FORMERR, RFC 8945 §5.2.2.1
        CHECK(server.error().code() == Errc::message_malformed);
    }
}

TEST_CASE("a truncated MAC is good for half its length and more", "[dns][tsig][R13]") {
    struct Row {
        TsigAlgorithm algorithm;
        const EVP_MD* hash;
        std::size_t least;
        std::size_t whole;
    };
    const Row rows[] = {{TsigAlgorithm::hmac_sha1, EVP_sha1(), 10, 20},
                        {TsigAlgorithm::hmac_sha224, EVP_sha224(), 14, 28},
                        {TsigAlgorithm::hmac_sha256, EVP_sha256(), 16, 32},
                        {TsigAlgorithm::hmac_sha384, EVP_sha384(), 24, 48},
                        {TsigAlgorithm::hmac_sha512, EVP_sha512(), 32, 64}};
    for (const Row& row : rows) {
        DYNAMIC_SECTION(to_text(row.algorithm)) {
            TsigFields fields;
            fields.algorithm = wire(std::string{to_text(row.algorithm)} + ".");
            const Bytes whole = TsigPeer{row.hash}.mac(concat({test::query(), fields.variables()}));
            REQUIRE(whole.size() == row.whole);
            for (std::size_t size = 0; size <= row.whole + 1; ++size) {
                fields.mac = whole;
                fields.mac.resize(size);
                Bytes request = test::with_tsig(test::query(), fields.record());
                const Result<TsigServer> server =
                    TsigServer::check(request, test::keyring(row.algorithm), kNow);
                const bool allowed = size >= row.least && size <= row.whole;
                REQUIRE(server.has_value() == allowed);
                if (!allowed) {
                    continue;
                }
                CHECK(server->verdict() == Verdict::valid);
                fields.mac.back() ^= 1;
                CHECK(check(test::with_tsig(test::query(), fields.record()))->verdict() ==
                      Verdict::refused);
            }
        }
    }
}

TEST_CASE("the answer to a truncated MAC is chained to it as it came", "[dns][tsig]") {
    TsigFields fields;
    fields.mac = TsigPeer{}.mac(concat({test::query(), fields.variables()}));
    fields.mac.resize(16);
    Result<TsigServer> server = check(test::with_tsig(test::query(), fields.record()));
    REQUIRE(server);
    const TsigFields answer = sign_answer(*server);
    CHECK(answer.mac == TsigPeer{}.mac(concat(
                            {hex("0010"), fields.mac, test::answer(9), TsigFields{}.variables()})));
}

TEST_CASE("a TSIG in the wrong place or form is malformed", "[dns][tsig]") {
    TsigFields good;
    good.mac = TsigPeer{}.mac(concat({test::query(), good.variables()}));
    const auto changed = [&good](auto change) {
        TsigFields fields = good;
        change(fields);
        return test::with_tsig(test::query(), fields.record());
    };
    const Bytes opt = hex("00 0029 04d0 00000000 0000");
    const Bytes rdata = good.rdata();
    Bytes in_answer = test::with_tsig(test::query(), good.record());
    store_u16(in_answer.data() + 6, 1);  // as the answer's only record
    store_u16(in_answer.data() + 10, 0);
    Bytes in_answer_of_two = test::with_tsig(in_answer, opt);
    Bytes half(rdata.begin(), rdata.begin() + 30);
    const struct {
        const char* what;
        Bytes request;
    } rows[] = {
        {"class IN", changed([](TsigFields& f) { f.rr_class = 1; })},
        {"with a TTL", changed([](TsigFields& f) { f.ttl = 1; })},
        {"followed by a record", test::with_tsig(changed([](TsigFields&) {}), opt)},
        {"twice", test::with_tsig(changed([](TsigFields&) {}), good.record())},
        {"in the answer section", in_answer_of_two},
        {"followed by an octet", concat({changed([](TsigFields&) {}), hex("00")})},
        {"cut rdata", test::with_tsig(test::query(), good.record(half))},
        {"no rdata", test::with_tsig(test::query(), good.record({}))},
        {"rdata with an octet too many",
         test::with_tsig(test::query(), good.record(concat({rdata, hex("00")})))},
        {"algorithm compressed", changed([](TsigFields& f) { f.algorithm = hex("c00c"); })},
        {"owner points to itself", changed([](TsigFields& f) { f.owner = hex("c01e"); })},
        {"error code", changed([](TsigFields& f) { f.error = 16; })},
        {"error code we do not know", changed([](TsigFields& f) { f.error = 4711; })},
        {"ARCOUNT too high",
         [&] {
             Bytes request = changed([](TsigFields&) {});
             request[11] = 2;
             return request;
         }()},
        {"eleven octets", Bytes(11)},
    };
    for (const auto& row : rows) {
        DYNAMIC_SECTION(row.what) {
            const Result<TsigServer> server = check(row.request);
            REQUIRE_FALSE(server);
            CHECK(server.error().code() == Errc::message_malformed);
        }
    }
    CHECK(check(changed([](TsigFields&) {}))->verdict() == Verdict::valid);
}

TEST_CASE("no flipped bit of a signed request is let through", "[dns][tsig][R20]") {
    const Bytes request = TsigPeer{}.sign(test::query());
    // Not signed by design: the ID (the original one is) and the case of the TSIG's two names.
    const std::size_t tsig_at = test::query().size();
    const std::size_t algorithm_at = tsig_at + wire("k1.example.").size() + 10;
    const auto case_bit = [&](std::size_t at, unsigned bit) {
        const bool in_name = (at > tsig_at && at < tsig_at + wire("k1.example.").size()) ||
                             (at > algorithm_at && at < algorithm_at + wire("hmac-sha256.").size());
        const std::uint8_t lower_case = lower(request[at]);
        return in_name && bit == 0x20 && lower_case >= 'a' && lower_case <= 'z';
    };
    for (std::size_t at = 2; at < request.size(); ++at) {
        for (unsigned bit = 1; bit < 256; bit <<= 1) {
            Bytes flipped = request;
            flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ bit);
            const Result<TsigServer> server = check(flipped);
            const bool valid = server.has_value() && server->verdict() == Verdict::valid;
            CHECK(valid == case_bit(at, bit));
        }
    }
}

TEST_CASE("random changes to a signed request never verify or crash", "[dns][tsig][R17]") {
    const Bytes request = TsigPeer{}.sign(test::query());
    Random random{8945};
    for (int round = 0; round < 20000; ++round) {
        Bytes mutated = request;
        for (std::uint64_t change = 1 + random.below(3); change > 0; --change) {
            mutated[2 + random.below(mutated.size() - 2)] =
                static_cast<std::uint8_t>(random.next());
        }
        if (random.below(4) == 0) {
            mutated.resize(random.below(mutated.size()));
        }
        Bytes rest = mutated;
        Result<TsigServer> server = TsigServer::check(rest, test::keyring(), kNow);
        if (!server) {
            CHECK(server.error().code() == Errc::message_malformed);
            continue;
        }
        if (server->verdict() == Verdict::refused) {
            CHECK(server->reason());
            const Bytes plain = test::answer(9);
            const ByteView parts[] = {plain};
            CHECK(server->sign(parts, kNow)->size() == server->reserve_bytes());
        }
        if (server->verdict() == Verdict::valid) {
            rest.resize(server->request_bytes());
            CHECK(rest == test::query());
        }
    }
}

}  // namespace twinzone::dns
