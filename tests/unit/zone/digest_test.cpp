#include "common/zone/digest.h"

#include "tests/support/catch.h"
#include "tests/unit/zone/fixture.h"

namespace twinzone::zone::test {

TEST_CASE("a digest does not depend on order, and removing undoes adding", "[zone][digest]") {
    const dns::Record records[] = {a("a.example.", 1), txt("b.example.", std::string(2000, 'x')),
                                   named("example.", dns::RrType::ns, "ns1.example.")};
    Digest forward;
    Digest backward;
    for (std::size_t i = 0; i < 3; ++i) {
        forward.add(records[i].view());
        backward.add(records[2 - i].view());
    }
    CHECK(forward == backward);
    CHECK_FALSE(forward == Digest{});
    for (const dns::Record& each : records) {
        forward.remove(each.view());
    }
    CHECK(forward == Digest{});
}

TEST_CASE("a digest carries and borrows between its halves", "[zone][digest]") {
    const dns::Record one = a("a.example.", 1);
    Digest digest{7, UINT64_MAX};
    digest.add(one.view());
    CHECK(digest.high() > 7);
    digest.remove(one.view());
    CHECK(digest == Digest{7, UINT64_MAX});
}

TEST_CASE("a digest sees everything but the owner's case", "[zone][digest]") {
    const auto of = [](const dns::Record& record) {
        Digest digest;
        digest.add(record.view());
        return digest;
    };
    const Digest base = of(named("a.example.", dns::RrType::ns, "ns.example."));
    CHECK(of(named("A.Example.", dns::RrType::ns, "ns.example.")) == base);
    CHECK_FALSE(of(named("a.example.", dns::RrType::ns, "NS.example.")) == base);
    CHECK_FALSE(of(named("a.example.", dns::RrType::ptr, "ns.example.")) == base);
    CHECK_FALSE(of(named("b.example.", dns::RrType::ns, "ns.example.")) == base);
    CHECK_FALSE(of(a("a.example.", 1, 300)) == of(a("a.example.", 1, 301)));
}

// The value is part of what two servers compare: it must be the same everywhere and for ever.
TEST_CASE("the digest of a record is fixed", "[zone][digest]") {
    Digest digest;
    digest.add(a("www.example.", 0xc0000201).view());
    CHECK(digest.to_text() == "6f2213df2f77b8df8b6a0323fec2dd4b");
    digest.add(txt("www.example.", std::string(600, 'x')).view());
    CHECK(digest.to_text() == "a11a5e4d236758cfc1640c4d402263d7");
}

TEST_CASE("a digest's text leads back to it", "[zone][digest]") {
    const Digest digest{0x0123456789abcdefU, 0xfU};
    CHECK(digest.to_text() == "0123456789abcdef000000000000000f");
    CHECK(Digest::from_text(digest.to_text()) == digest);
    for (const char* bad :
         {"", "0123456789abcdef00000000000000", "0123456789ABCDEF000000000000000f",
          "0123456789abcdef000000000000000f0", "g123456789abcdef000000000000000f"}) {
        CHECK_FALSE(Digest::from_text(bad));
    }
}

}  // namespace twinzone::zone::test
