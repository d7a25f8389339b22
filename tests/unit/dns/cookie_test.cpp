#include "common/dns/cookie.h"

#include "common/dns/siphash.h"
#include "tests/support/catch.h"
#include "tests/unit/dns/wire.h"

namespace twinzone::dns {

using test::hex;

namespace {

// A secret as RFC 9018 writes it: sixteen octets, the halves of SipHash's key little-endian.
CookieSecret secret_of(const char* text) {
    const Bytes octets = hex(text);
    CookieSecret secret{};
    for (std::size_t i = 0; i < 16; ++i) {
        secret[i / 8] |= std::uint64_t{octets[i]} << (8 * (i % 8));
    }
    return secret;
}

Bytes answered(const char* secret, const char* client, std::int64_t now, const char* asked) {
    const std::optional<Bytes> answer = CookieServer{secret_of(secret)}.answer(
        hex(asked), *IpAddress::from_text(client), UnixTime{now});
    REQUIRE(answer);
    return *answer;
}

constexpr const char* kSecret = "e5e973e5a6b2a43f48e7dc849e37bfcf";
constexpr const char* kFirst = "2464c4abcf10c957010000005cf79f111f8130c3eee29480";
constexpr std::int64_t kMade = 1559731985;

}  // namespace

TEST_CASE("SipHash-2-4 gives its authors' value", "[dns][cookie]") {
    Bytes message(15);
    for (std::size_t i = 0; i < message.size(); ++i) {
        message[i] = static_cast<std::uint8_t>(i);
    }
    CHECK(siphash24(secret_of("000102030405060708090a0b0c0d0e0f"), message) == 0xa129ca6149be45e5U);
}

TEST_CASE("the server's cookies are those of RFC 9018", "[dns][cookie]") {
    // Appendix A.1 and A.4
    CHECK(answered(kSecret, "198.51.100.100", kMade, "2464c4abcf10c957") == hex(kFirst));
    const char* const client = "2001:db8:220:1:59de:d0f4:8769:82b8";
    CHECK(answered("dd3bdf9344b678b185a6f5cb60fca715", client, 1559741817, "22681ab97d52c298") ==
          hex("22681ab97d52c298010000005cf7c57926556bd0934c72f8"));
    CHECK(answered("445536bcd2513298075a5d379663c962", client, 1559741961, "22681ab97d52c298") ==
          hex("22681ab97d52c298010000005cf7c609a6bb79d16625507a"));
}

TEST_CASE("a cookie of ours stays for half an hour, is renewed, and ends", "[dns][cookie]") {
    struct Row {
        const char* name;
        const char* client;
        std::int64_t age;
        bool kept;
    };
    const Row rows[] = {
        {"at once", "198.51.100.100", 0, true},
        {"half an hour", "198.51.100.100", 1800, true},
        {"longer", "198.51.100.100", 1801, false},
        {"from a clock a little ahead", "198.51.100.100", -300, true},
        {"from a clock far ahead", "198.51.100.100", -301, false},
        {"another client's", "198.51.100.101", 0, false},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const Bytes answer = answered(kSecret, row.client, kMade + row.age, kFirst);
            CHECK((answer == hex(kFirst)) == row.kept);
            CHECK(answer.size() == 24);
        }
    }
}

TEST_CASE("a cookie of a wrong length is none", "[dns][cookie]") {
    const CookieServer server{secret_of(kSecret)};
    const IpAddress client = *IpAddress::from_text("198.51.100.100");
    for (std::size_t size = 0; size < 50; ++size) {
        CHECK(server.answer(Bytes(size), client, UnixTime{kMade}).has_value() ==
              (size == 8 || (size >= 16 && size <= 40)));
    }
}

TEST_CASE("a client takes the answers that have its cookie", "[dns][cookie]") {
    ClientCookie cookie{0x0102030405060708U};
    CHECK(cookie.option().value == hex("0102030405060708"));
    const auto with = [](const char* text) {
        Edns edns;
        edns.options.push_back({EdnsOption::cookie, hex(text)});
        return std::optional{edns};
    };
    CHECK(cookie.accepts(std::nullopt));
    CHECK(cookie.accepts(Edns{}));
    CHECK_FALSE(cookie.accepts(with("0102030405060709aaaaaaaaaaaaaaaa")));
    CHECK_FALSE(cookie.accepts(with("01020304")));
    CHECK(cookie.accepts(with("0102030405060708aaaaaaaaaaaaaaaa")));
    CHECK(cookie.option().value == hex("0102030405060708aaaaaaaaaaaaaaaa"));
    // From now on an answer without one is not the server's.
    CHECK_FALSE(cookie.accepts(std::nullopt));
    CHECK_FALSE(cookie.accepts(Edns{}));
}

TEST_CASE("a client's cookie is the same for a server, another for another", "[dns][cookie]") {
    CookieJar jar{7};
    const Endpoint a = *Endpoint::from_text("192.0.2.1", 53);
    const Endpoint b = *Endpoint::from_text("192.0.2.2", 53);
    CHECK(jar.at(a)->option().value == jar.at(a)->option().value);
    CHECK(jar.at(a)->option().value == jar.fresh(a)->option().value);
    CHECK(jar.at(a)->option().value != jar.at(b)->option().value);
    CHECK(jar.at(a)->option().value != CookieJar{8}.at(a)->option().value);
}

}  // namespace twinzone::dns
