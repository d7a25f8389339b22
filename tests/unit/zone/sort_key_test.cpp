#include "common/zone/sort_key.h"

#include <random>

#include "common/zone/page_key.h"
#include "tests/support/catch.h"
#include "tests/unit/zone/fixture.h"

namespace twinzone::zone::test {

namespace {

int sign(int value) {
    return (value > 0) - (value < 0);
}

constexpr std::uint8_t kOctets[] = {0, 1, 2, '*', 'A', 'a', 'Z', 'z', 0x7f, 0xff};

// Few distinct octets, so that names often share labels and prefixes of labels.
dns::Name random_name(std::mt19937& random) {
    Bytes wire;
    for (std::size_t labels = random() % 4; labels > 0; --labels) {
        const std::size_t size = 1 + random() % 3;
        wire.push_back(static_cast<std::uint8_t>(size));
        for (std::size_t i = 0; i < size; ++i) {
            wire.push_back(kOctets[random() % std::size(kOctets)]);
        }
    }
    wire.push_back(0);
    return dns::Name{*dns::NameView::parse(wire)};
}

}  // namespace

TEST_CASE("a sort key is the labels from the right, escaped", "[zone][sort_key]") {
    CHECK(sort_key(name(".")).empty());
    CHECK(sort_key(name("Www.Example.")) ==
          Bytes{'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 'w', 'w', 'w', 0});
    CHECK(sort_key(name("\\000\\001\\002.")) == Bytes{1, 1, 1, 2, 2, 0});
}

TEST_CASE("byte order of sort keys and page keys is canonical order", "[zone][sort_key]") {
    std::mt19937 random{4711};
    for (int i = 0; i < 200'000; ++i) {
        const dns::Name a = random_name(random);
        const dns::Name b = random_name(random);
        const int expected = sign(dns::compare_canonical(a, b));
        const Bytes key_a = sort_key(a);
        const Bytes key_b = sort_key(b);
        REQUIRE(sign(compare_keys(key_a, key_b)) == expected);
        if (expected != 0) {
            const Bytes page_a = page_key(key_a, static_cast<std::uint16_t>(random()));
            const Bytes page_b = page_key(key_b, static_cast<std::uint16_t>(random()));
            REQUIRE(sign(compare_keys(page_a, page_b)) == expected);
        }
    }
}

TEST_CASE("the longest name has a key within the limit of the store", "[zone][sort_key]") {
    Bytes wire;
    for (const std::size_t size : {63U, 63U, 63U, 61U}) {
        wire.push_back(static_cast<std::uint8_t>(size));
        wire.insert(wire.end(), size, std::uint8_t{1});
    }
    wire.push_back(0);
    const dns::NameView longest = *dns::NameView::parse(wire);
    REQUIRE(longest.size() == dns::kMaxNameBytes);
    CHECK(sort_key(longest).size() == kMaxSortKeyBytes);
    CHECK(page_key(sort_key(longest), 0).size() == kMaxPageKeyBytes);
    CHECK(kMaxPageKeyBytes + 4 <= 511);
}

TEST_CASE("a page key splits into its parts, and no other key does", "[zone][page_key]") {
    for (const char* owner : {".", "example.", "\\000\\001.a."}) {
        const Bytes key = page_key(sort_key(name(owner)), 513);
        const std::optional<PageKeyParts> parts = split_page_key(key);
        REQUIRE(parts);
        CHECK(compare_keys(parts->owner, sort_key(name(owner))) == 0);
        CHECK(parts->number == 513);
    }
    for (const Bytes& bad : {Bytes{}, Bytes{0, 0}, Bytes{'a', 0, 0, 0}, Bytes{'a', 0, 1, 0, 0},
                             Bytes(kMaxPageKeyBytes + 1, 0)}) {
        CHECK_FALSE(split_page_key(bad));
    }
}

TEST_CASE("just before a page key no other page key stands", "[zone][page_key]") {
    const Bytes zero = page_key(sort_key(name("b.example.")), 0);
    const Bytes two = page_key(sort_key(name("b.example.")), 2);
    const Bytes one = page_key(sort_key(name("b.example.")), 1);
    CHECK(just_before(two) == one);
    CHECK(compare_keys(just_before(zero), zero) < 0);
    for (const char* earlier : {"example.", "z.a.example.", "a.example."}) {
        CHECK(compare_keys(page_key(sort_key(name(earlier)), 0xffff), just_before(zero)) < 0);
    }
}

}  // namespace twinzone::zone::test
