// Requests and answers of all algorithms against MACs computed elsewhere: Python's hmac for the
// golden ones, ldns for those it gets right.
#include <memory>

#include "tests/support/catch.h"
#include "tests/unit/dns/tsig_peer.h"

// clang-format off
#include <ldns/ldns.h>  // last: it defines true and false
// clang-format on

namespace twinzone::dns {

namespace {

using test::hex;

struct Row {
    TsigAlgorithm algorithm;
    const char* request_mac;
    const char* first_answer_mac;
    const char* second_answer_mac;
};

// Key k1.example., secret 00 … 1f, time 1700000000, fudge 300; query() and twice answer().
const Row kRows[] = {
    {TsigAlgorithm::hmac_sha1, "0995331130d0553c40a8507cb465a34a2f2d395b",
     "30169ef26339e1273f7f584540b69b0086c79843", "f6cca65e8aad1de69cee4ac040690041f62200ef"},
    {TsigAlgorithm::hmac_sha224, "0cf8e29e601d4c88c16760e4e19457d0d9586495de78ea714f524e51",
     "2f7fc8acc5386d3b815b18a1e38481033cbb79af48479f2926556600",
     "b6352f9dfd2d6801ee59aae664deb2ec9eed0d271670cfb069880143"},
    {TsigAlgorithm::hmac_sha256, "7f421c90dec6f95ac434bda4e8ddbb5bec50ab62dcb039339c7f5653b4586cd4",
     "69f4976f07f071bc91a76626960bfaa7712c65127e8a63d9529c8cc85b1d1ca2",
     "57beae585f7cfbac5ac864675fbc00e95f7ddfa592ce2fada82a35e41896537b"},
    {TsigAlgorithm::hmac_sha384,
     "1c262db834b3589923ce9dc873d61cb1468d3ee94077806b26ccb40f72dc52f11e9577e805cb438d8b0a52c1b122c"
     "eb5",
     "a293974990707d2371bb351392ddb31f48d7044efe4e8fcf6514dc9500b12cbd2fe0c31937684f65e4c9d4a4d8a7e"
     "4ec",
     "5cd35ab8741c87f0059fb04066c0117ec9821d75d4e6ccbe1e04accb044570631f29dbc5dbae0e216ef359a5fa754"
     "523"},
    {TsigAlgorithm::hmac_sha512,
     "285188d80ca44aea284de0ed8206edb9d1be8f2c792bc10a877116fd0fd9adc5aa679ca9fd9887ef282f468360676"
     "bff28c6fcb8b46c3057aecd9dacfd74151c",
     "83d975ba361259365df3d90572dd651502f870a5b0938f51085127728aed5b37ecaa56a577276bd6a93f62b668b8f"
     "dac7c41ba538d6b37861eff8da2b18d21cd",
     "42dc6f50cd050c90831030ce3da05e80615ce0b6970f726d3026d686a738adc6d756c731176e4dd080aa4a84cc4fc"
     "f33c5399c66b4bbfbfad72fd1c49280a5ea"},
};

struct PacketFree {
    void operator()(ldns_pkt* packet) const noexcept { ldns_pkt_free(packet); }
};
using Packet = std::unique_ptr<ldns_pkt, PacketFree>;

Packet parse(const Bytes& message) {
    ldns_pkt* packet = nullptr;
    REQUIRE(ldns_wire2pkt(&packet, message.data(), message.size()) == LDNS_STATUS_OK);
    return Packet{packet};
}

const char* const kSecretBase64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

bool right_in_ldns(TsigAlgorithm algorithm) {
    return algorithm == TsigAlgorithm::hmac_sha1 || algorithm == TsigAlgorithm::hmac_sha256 ||
           algorithm == TsigAlgorithm::hmac_sha512;
}

}  // namespace

TEST_CASE("a signed request has its golden bytes", "[dns][tsig]") {
    Bytes request = test::query();
    TsigClient client{test::key()};
    REQUIRE(client.sign_request(request, test::kNow));
    CHECK(request == hex("1234 0000 0001 0000 0000 0001 07 6578616d706c65 04 74657374 00 0006 0001 "
                         "02 4b31 07 4578616d706c65 00 "  // K1.Example., case as configured
                         "00fa 00ff 00000000 003d "       // TSIG ANY, TTL 0, RDLENGTH 61
                         "0b 686d61632d736861323536 00 "  // hmac-sha256.
                         "00006553f100 012c "             // 1700000000, fudge 300
                         "0020 7f421c90dec6f95ac434bda4e8ddbb5bec50"  // MAC
                         "ab62dcb039339c7f5653b4586cd4"
                         "1234 0000 0000"));  // original ID, error, other length
}

TEST_CASE("all algorithms give the MACs that others compute", "[dns][tsig]") {
    for (const Row& row : kRows) {
        DYNAMIC_SECTION(to_text(row.algorithm)) {
            Bytes request = test::query();
            TsigClient client{test::key(row.algorithm)};
            REQUIRE(client.sign_request(request, test::kNow));
            CHECK(test::mac_in(request) == hex(row.request_mac));

            Result<TsigServer> server =
                TsigServer::check(request, test::keyring(row.algorithm), test::kNow);
            REQUIRE(server);
            REQUIRE(server->verdict() == TsigServer::Verdict::valid);
            for (const char* expected : {row.first_answer_mac, row.second_answer_mac}) {
                const Bytes plain = test::answer();
                const ByteView parts[] = {plain};
                const Result<Bytes> record = server->sign(parts, test::kNow);
                REQUIRE(record);
                CHECK(record->size() <= server->reserve_bytes());
                Bytes signed_answer = test::with_tsig(plain, *record);
                CHECK(test::mac_in(signed_answer) == hex(expected));
                const Result<std::size_t> left = client.verify(signed_answer, test::kNow);
                REQUIRE(left);
                signed_answer.resize(*left);
                CHECK(signed_answer == plain);
            }
        }
    }
}

TEST_CASE("ldns verifies our requests and answers", "[dns][tsig]") {
    for (const Row& row : kRows) {
        if (!right_in_ldns(row.algorithm)) {
            continue;
        }
        DYNAMIC_SECTION(to_text(row.algorithm)) {
            Bytes request = test::query();
            TsigClient client{test::key(row.algorithm)};
            REQUIRE(client.sign_request(request, test::kNow));
            const Packet theirs = parse(request);
            CHECK(ldns_pkt_tsig_verify(theirs.get(), request.data(), request.size(), "k1.example.",
                                       kSecretBase64, nullptr));
            const ldns_rdf* request_mac = ldns_rr_rdf(ldns_pkt_tsig(theirs.get()), 3);

            Result<TsigServer> server =
                TsigServer::check(request, test::keyring(row.algorithm), test::kNow);
            REQUIRE(server);
            const Bytes plain = test::answer();
            const ByteView parts[] = {plain};
            const Bytes answer = test::with_tsig(plain, *server->sign(parts, test::kNow));
            const Packet read = parse(answer);
            CHECK(ldns_pkt_tsig_verify(read.get(), answer.data(), answer.size(), "k1.example.",
                                       kSecretBase64, request_mac));
        }
    }
}

TEST_CASE("we verify requests that ldns signed", "[dns][tsig]") {
    for (const Row& row : kRows) {
        if (!right_in_ldns(row.algorithm)) {
            continue;
        }
        DYNAMIC_SECTION(to_text(row.algorithm)) {
            const Packet packet = parse(test::query());
            const std::string algorithm = std::string{to_text(row.algorithm)} + ".";
            REQUIRE(ldns_pkt_tsig_sign(packet.get(), "k1.example.", kSecretBase64, 300,
                                       algorithm.c_str(), nullptr) == LDNS_STATUS_OK);
            std::uint8_t* octets = nullptr;
            std::size_t size = 0;
            REQUIRE(ldns_pkt2wire(&octets, packet.get(), &size) == LDNS_STATUS_OK);
            Bytes request{octets, octets + size};
            free(octets);  // NOLINT: malloc'ed by ldns
            const Result<std::optional<FoundTsig>> found = find_tsig(request);
            REQUIRE(found);
            REQUIRE(*found);
            const UnixTime signed_at{static_cast<std::int64_t>((*found)->record.signed_at)};
            const Result<TsigServer> server =
                TsigServer::check(request, test::keyring(row.algorithm), signed_at);
            REQUIRE(server);
            CHECK(server->verdict() == TsigServer::Verdict::valid);
        }
    }
}

}  // namespace twinzone::dns
