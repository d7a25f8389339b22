#include "common/text/encoding.h"

#include "common/base/random.h"
#include "tests/support/catch.h"
#include "tests/unit/text/random_rdata.h"

using namespace twinzone;

namespace {

// Decodes `text` in parts of random sizes; nothing where it is refused.
template <class Decoder>
std::optional<Bytes> decode_in_parts(std::string_view text, Random& random) {
    Decoder decoder;
    Bytes out(Decoder::max_bytes(text.size()) + 8);
    std::size_t size = 0;
    while (!text.empty()) {
        const std::size_t count = 1 + random.below(text.size());
        const text::Decoded decoded = decoder.decode(text.substr(0, count), out.data() + size);
        if (decoded.wrong != nullptr) {
            return std::nullopt;
        }
        size += decoded.count;
        text.remove_prefix(count);
    }
    out.resize(size);
    return decoder.finished() ? std::optional{out} : std::nullopt;
}

}  // namespace

TEST_CASE("octets of any number come back from base64, hex and base32hex", "[text]") {
    Random random{9};
    for (int i = 0; i < 3000; ++i) {
        const Bytes octets = test::random_octets(70, random);
        std::string text;
        text::append_base64(octets, text);
        CHECK(decode_in_parts<text::Base64Decoder>(text, random) == octets);
        text.clear();
        text::append_hex(octets, text);
        CHECK(decode_in_parts<text::HexDecoder>(text, random) == octets);
        text.clear();
        text::append_base32hex(octets, text);
        Bytes back(text.size());
        const text::Decoded decoded = text::decode_base32hex(text, back.data());
        REQUIRE(decoded.wrong == nullptr);
        back.resize(decoded.count);
        CHECK(back == octets);
    }
}

TEST_CASE("the vectors of RFC 4648 section 10 are met", "[text]") {
    struct Row {
        std::string_view octets;
        std::string_view base64;
        std::string_view base32hex;
        std::string_view hex;
    };
    const Row rows[] = {
        {"", "", "", ""},
        {"f", "Zg==", "co", "66"},
        {"fo", "Zm8=", "cpng", "666F"},
        {"foo", "Zm9v", "cpnmu", "666F6F"},
        {"foob", "Zm9vYg==", "cpnmuog", "666F6F62"},
        {"fooba", "Zm9vYmE=", "cpnmuoj1", "666F6F6261"},
        {"foobar", "Zm9vYmFy", "cpnmuoj1e8", "666F6F626172"},
    };
    for (const Row& row : rows) {
        std::string base64;
        std::string base32hex;
        std::string hex;
        text::append_base64(as_bytes(row.octets), base64);
        text::append_base32hex(as_bytes(row.octets), base32hex);
        text::append_hex(as_bytes(row.octets), hex);
        CHECK(base64 == row.base64);
        CHECK(base32hex == row.base32hex);
        CHECK(hex == row.hex);
    }
}
