#include "common/dns/tsig_key.h"

#include "common/dns/tsig_digest.h"
#include "tests/support/catch.h"
#include "tests/unit/dns/tsig_peer.h"

namespace twinzone::dns {

TEST_CASE("algorithms have names in any case, with or without dot", "[dns][tsig]") {
    for (const TsigAlgorithm algorithm :
         {TsigAlgorithm::hmac_sha1, TsigAlgorithm::hmac_sha224, TsigAlgorithm::hmac_sha256,
          TsigAlgorithm::hmac_sha384, TsigAlgorithm::hmac_sha512}) {
        const std::string text{to_text(algorithm)};
        CHECK(tsig_algorithm_from_text(text) == algorithm);
        CHECK(tsig_algorithm_from_text(text + ".") == algorithm);
    }
    CHECK(tsig_algorithm_from_text("HMAC-SHA256") == TsigAlgorithm::hmac_sha256);
    for (const char* text : {"", ".", "hmac-md5", "hmac-md5.sig-alg.reg.int.", "hmac-sha256..",
                             "hmac-sha25", "hmac-sha2560", "sha256"}) {
        CHECK_FALSE(tsig_algorithm_from_text(text));
    }
}

TEST_CASE("a key without a secret is refused", "[dns][tsig]") {
    const Result<TsigKeyPtr> key =
        TsigKey::create(test::name("k1."), TsigAlgorithm::hmac_sha256, {});
    REQUIRE_FALSE(key);
    CHECK(key.error().code() == Errc::config_invalid);
}

TEST_CASE("any other length of secret makes a key", "[dns][tsig]") {
    for (const std::size_t size : {1U, 64U, 65U, 1000U}) {
        CHECK(TsigKey::create(test::name("k1."), TsigAlgorithm::hmac_sha256, Bytes(size, 7)));
    }
}

TEST_CASE("a keyring finds keys without case and keeps the newest of a name", "[dns][tsig]") {
    TsigKeyring ring = test::keyring();
    REQUIRE(ring.find(test::name("k1.EXAMPLE.")) != nullptr);
    CHECK(ring.find(test::name("k2.example.")) == nullptr);
    CHECK(ring.find(test::name("example.")) == nullptr);
    ring.add(test::key(TsigAlgorithm::hmac_sha512, "k1.example."));
    CHECK(ring.find(test::name("k1.example."))->algorithm() == TsigAlgorithm::hmac_sha512);
}

TEST_CASE("an exchange outlives its key's configuration", "[dns][tsig][R21]") {
    // NSD 4.15: a key deleted during a transfer.
    TsigKeyring ring = test::keyring();
    test::TsigPeer peer;
    Bytes request = peer.sign(test::query());
    Result<TsigServer> server = TsigServer::check(request, ring, test::kNow);
    REQUIRE(server);
    ring = TsigKeyring{};
    for (int i = 0; i < 3; ++i) {
        const Bytes plain = test::answer();
        const ByteView parts[] = {plain};
        const Result<Bytes> record = server->sign(parts, test::kNow);
        REQUIRE(record);
        CHECK(test::with_tsig(plain, *record).size() == peer.sign(plain).size());
    }
}

TEST_CASE("keys are the same by name, algorithm and secret", "[tsig]") {
    const auto key = [](const char* name, TsigAlgorithm algorithm, std::uint8_t secret) {
        return *TsigKey::create(*Name::from_text(name), algorithm, Bytes(32, secret));
    };
    const auto k1 = key("k1.", TsigAlgorithm::hmac_sha256, 1);
    CHECK(same_key(*k1, *k1));
    CHECK(same_key(*k1, *key("K1.", TsigAlgorithm::hmac_sha256, 1)));
    CHECK_FALSE(same_key(*k1, *key("k2.", TsigAlgorithm::hmac_sha256, 1)));
    CHECK_FALSE(same_key(*k1, *key("k1.", TsigAlgorithm::hmac_sha512, 1)));
    CHECK_FALSE(same_key(*k1, *key("k1.", TsigAlgorithm::hmac_sha256, 2)));
}

}  // namespace twinzone::dns
