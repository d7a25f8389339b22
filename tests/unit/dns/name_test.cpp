#include "common/dns/name.h"

#include "tests/support/catch.h"

namespace twinzone::dns {

namespace {

Name name(std::string_view text) {
    return *Name::from_text(text);
}

}  // namespace

TEST_CASE("a name's text and wire form lead back to each other", "[dns][name]") {
    for (const char* text : {".", "test.", "example.test.", "a\\.b.c\\\\.test.", "\\000\\255.x.",
                             "*.w.", "Ex-Ample.TEST."}) {
        CHECK(name(text).to_text() == text);
    }
    CHECK(name("example.test").to_text() == "example.test.");
}

TEST_CASE("names compare without case and order canonically", "[dns][name]") {
    // RFC 4034 §6.1
    const char* ordered[] = {"example.",         "a.example.",      "yljkjljk.a.example.",
                             "Z.a.example.",     "zABC.a.EXAMPLE.", "z.example.",
                             "\\001.z.example.", "*.z.example.",    "\\200.z.example."};
    for (std::size_t i = 0; i < std::size(ordered); ++i) {
        for (std::size_t j = 0; j < std::size(ordered); ++j) {
            const int order = compare_canonical(name(ordered[i]), name(ordered[j]));
            CHECK((order < 0) == (i < j));
            CHECK((order == 0) == (i == j));
        }
    }
    CHECK(name("EXAMPLE.test") == name("example.TEST"));
    CHECK(hash(name("EXAMPLE.test")) == hash(name("example.TEST")));
    CHECK_FALSE(same_bytes(name("EXAMPLE.test"), name("example.TEST")));
}

TEST_CASE("a name knows what it is below", "[dns][name]") {
    CHECK(name("a.example.test").view().is_at_or_below(name("Example.test")));
    CHECK(name("example.test").view().is_at_or_below(name("example.test")));
    CHECK(name("x.").view().is_at_or_below(Name{}));
    CHECK_FALSE(name("anexample.test").view().is_at_or_below(name("example.test")));
    CHECK_FALSE(name("test").view().is_at_or_below(name("example.test")));
}

TEST_CASE("bad text is no name", "[dns][name]") {
    const std::string label63(63, 'a');
    CHECK(Name::from_text(label63));
    CHECK_FALSE(Name::from_text(label63 + "a"));
    const std::string longest =
        label63 + "." + label63 + "." + label63 + "." + std::string(61, 'b');
    CHECK(Name::from_text(longest)->view().size() == 255);
    CHECK_FALSE(Name::from_text(longest + "b"));
    for (const char* text : {"", "..", ".a", "a..b", "a\\", "a\\25", "a\\256"}) {
        CHECK_FALSE(Name::from_text(text));
    }
}

TEST_CASE("names of every length are copied and replaced", "[dns][name]") {
    std::vector<std::string> texts{"."};
    std::string longest;
    for (int i = 0; i < 127; ++i) {  // 3 to 255 octets
        longest += "A.";
        texts.push_back(longest);
    }
    for (const std::string& from : texts) {
        const Name original = name(from);
        CHECK(original.view().size() == (from == "." ? 1 : from.size() + 1));
        CHECK(original.lowered().view().wire()[0] == original.view().wire()[0]);
        for (const std::string& to :
             {texts.front(), texts[18], texts[19], texts[20], texts.back()}) {
            Name changed = name(to);
            changed = original;
            CHECK(same_bytes(changed, original));
            changed = name(to);
            CHECK(changed.to_text() == to);
            CHECK(original.to_text() == from);
        }
    }
    Name itself = name(longest);
    const Name& alias = itself;
    itself = alias;
    CHECK(itself.to_text() == longest);
    itself = Name{itself.view().parent()};
    CHECK(itself.to_text() == longest.substr(2));
    CHECK(name(longest).lowered().to_text().substr(0, 4) == "a.a.");
}

TEST_CASE("bad octets are no name", "[dns][name]") {
    const std::uint8_t pointer[] = {1, 'a', 0xc0, 0};
    const std::uint8_t open[] = {1, 'a'};
    CHECK_FALSE(NameView::parse(pointer));
    CHECK_FALSE(NameView::parse(open));
    CHECK_FALSE(NameView::parse({}));
}

}  // namespace twinzone::dns
