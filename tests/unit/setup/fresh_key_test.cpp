#include "common/setup/fresh_key.h"

#include "common/config/key_file.h"
#include "common/setup/fill.h"
#include "tests/support/catch.h"

namespace twinzone::setup {
namespace {

using dns::TsigAlgorithm;

const Bytes kSecret(32, 0xa5);

TEST_CASE("a text's blanks are filled, and nothing else that has an @", "[setup]") {
    CHECK(fill("@A@ 127.0.0.1@53 @B@@A@ a@b @", {{"A", "x"}, {"B", "@A@"}}) ==
          "x 127.0.0.1@53 @A@x a@b @");
}

TEST_CASE("a secret has as many octets as its algorithm's output", "[setup]") {
    CHECK(secret_bytes(TsigAlgorithm::hmac_sha1) == 20);
    CHECK(secret_bytes(TsigAlgorithm::hmac_sha256) == 32);
    CHECK(secret_bytes(TsigAlgorithm::hmac_sha512) == 64);
}

TEST_CASE("our own format and BIND's are key files of ours", "[setup]") {
    const Result<FreshKey> key = fresh_key("k1", TsigAlgorithm::hmac_sha384, kSecret);
    REQUIRE(key);
    for (const KeyFormat format : {KeyFormat::twinzone, KeyFormat::bind}) {
        const Result<config::KeyText> read = config::parse_key_text(key_text(*key, format));
        REQUIRE(read);
        CHECK(read->name == *dns::Name::from_text("k1."));
        CHECK(read->algorithm == TsigAlgorithm::hmac_sha384);
        CHECK(read->secret == kSecret);
    }
}

TEST_CASE("each format has name, algorithm and secret", "[setup]") {
    const Result<FreshKey> key = fresh_key("ns1-ns2.example.", TsigAlgorithm::hmac_sha256, kSecret);
    REQUIRE(key);
    for (const char* word : {"twinzone", "bind", "nsd", "knot", "pdns"}) {
        CAPTURE(word);
        const std::string text = key_text(*key, *key_format_from_text(word));
        CHECK(text.find("ns1-ns2.example.") != std::string::npos);
        CHECK(text.find("hmac-sha256") != std::string::npos);
        CHECK(text.find(key->secret) != std::string::npos);
        CHECK(text.starts_with("#"));
        CHECK(text.ends_with("\n"));
    }
    CHECK(key_format_from_text("knto").error().detail().find("did you mean 'knot'") !=
          std::string::npos);
}

TEST_CASE("a name that some server would want escaped is refused", "[setup]") {
    for (const char* name : {"", ".", "a b", "a\"b", "a..b", "a;b", "$(x)", "a\\032b"}) {
        CAPTURE(name);
        const Result<FreshKey> key = fresh_key(name, TsigAlgorithm::hmac_sha256, kSecret);
        REQUIRE_FALSE(key);
        CHECK(key.error().code() == Errc::usage);
    }
}

}  // namespace
}  // namespace twinzone::setup
