// Catalog zones: what their records say, and those that we make.
#include "common/zone/catalog.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/zone/catalog_making.h"
#include "tests/support/catch.h"
#include "tests/unit/zone/fixture.h"

namespace twinzone::zone {
namespace {

using test::a;
using test::list_of;
using test::ListStream;
using test::name;
using test::named;
using test::record;
using test::txt;

dns::Record ptr(std::string_view owner, std::string_view target) {
    return named(owner, dns::RrType::ptr, target);
}

CatalogContent content_of(const std::vector<dns::Record>& records,
                          std::string_view apex = "cat.invalid.") {
    const RecordList list = list_of(records);
    ListStream stream{list};
    Result<CatalogContent> content = read_catalog(name(apex), stream);
    REQUIRE(content);
    return std::move(*content);
}

const CatalogMember& member(const CatalogContent& content, std::string_view zone) {
    const auto at =
        std::find_if(content.members.begin(), content.members.end(),
                     [&](const CatalogMember& each) { return each.zone == name(zone); });
    REQUIRE(at != content.members.end());
    return *at;
}

const dns::Record kVersion2 = txt("version.cat.invalid.", "2");

TEST_CASE("the example of RFC 9432, appendix A, is read whole", "[catalog]") {
    const CatalogContent content = content_of({
        named("cat.invalid.", dns::RrType::ns, "invalid."),
        named("example.vendor.ext.cat.invalid.", dns::RrType::cname, "example.net."),
        kVersion2,
        ptr("nj2xg5b.zones.cat.invalid.", "example.com."),
        ptr("nvxxezj.zones.cat.invalid.", "example.net."),
        txt("group.nvxxezj.zones.cat.invalid.", "operator-x-foo"),
        ptr("nfwxa33.zones.cat.invalid.", "example.org."),
        ptr("coo.nfwxa33.zones.cat.invalid.", "newcatz.invalid."),
        txt("group.nfwxa33.zones.cat.invalid.", "operator-y-bar"),
        named("metrics.vendor.ext.nfwxa33.zones.cat.invalid.", dns::RrType::cname,
              "collector.example.net."),
    });
    CHECK(content.broken.empty());
    REQUIRE(content.members.size() == 3);
    CHECK(member(content, "example.com.").id == "nj2xg5b");
    CHECK(member(content, "example.com.").groups.empty());
    CHECK(member(content, "example.com.").coo == nullptr);
    CHECK(member(content, "example.net.").groups == std::vector<std::string>{"operator-x-foo"});
    REQUIRE(member(content, "example.org.").coo != nullptr);
    CHECK(*member(content, "example.org.").coo == name("newcatz.invalid."));
    CHECK(member(content, "example.org.").groups == std::vector<std::string>{"operator-y-bar"});
}

TEST_CASE("a catalog that breaks a rule is broken as a whole", "[catalog]") {
    const dns::Record one = ptr("1.zones.cat.invalid.", "one.test.");
    struct Row {
        const char* name;
        std::vector<dns::Record> records;
        const char* broken;
    };
    const Row rows[] = {
        {"no version", {one}, "it has no version"},
        {"a version it does not know",
         {one, txt("version.cat.invalid.", "3")},
         "its version is neither 2 nor 1"},
        {"a version in two strings",
         {one, record("version.cat.invalid.", dns::RrType::txt, {1, '2', 1, '2'})},
         "its version is neither 2 nor 1"},
        {"two versions",
         {one, kVersion2, txt("version.cat.invalid.", "1")},
         "it has several versions"},
        {"a version that is no TXT", {one, ptr("version.cat.invalid.", "2.")}, "it has no version"},
        {"two PTRs at one node",
         {kVersion2, one, ptr("1.zones.cat.invalid.", "two.test.")},
         "one of its members has two names: one.test. and two.test."},
        {"a member twice",
         {kVersion2, one, ptr("2.zones.cat.invalid.", "ONE.test.")},
         "member ONE.test. is in it twice"},
        {"two catalogs to go to",
         {kVersion2, one, ptr("coo.1.zones.cat.invalid.", "a."),
          ptr("coo.1.zones.cat.invalid.", "b.")},
         "member one.test. goes to two catalogs"},
        {"two keys of one primary",
         {kVersion2, one, txt("primaries.ext.cat.invalid.", "k1."),
          txt("primaries.ext.cat.invalid.", "k2.")},
         "the primaries of the catalog have several keys"},
        {"a key without a name",
         {kVersion2, one, a("ns1.primaries.ext.1.zones.cat.invalid.", 0xC0000201),
          txt("ns1.primaries.ext.1.zones.cat.invalid.", "")},
         "the key of a primary of one.test. has no name"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const CatalogContent content = content_of(row.records);
            CHECK(content.broken == row.broken);
            CHECK(content.members.empty());
        }
    }
}

TEST_CASE("what a catalog need not have, or has besides, is passed over", "[catalog]") {
    const CatalogContent content = content_of({
        txt("VERSION.Cat.invalid.", "1"),
        ptr("AbC.ZONES.cat.invalid.", "one.test."),
        txt("group.abc.zones.cat.invalid.", "g"),
        txt("group.abc.zones.cat.invalid.", "h"),
        record("group.abc.zones.cat.invalid.", dns::RrType::txt, {1, 'x', 1, 'y'}),
        txt("group.none.zones.cat.invalid.", "of no member"),
        txt("abc.zones.cat.invalid.", "beside the PTR"),
        ptr("deeper.still.abc.zones.cat.invalid.", "no.member.test."),
        ptr("zones.cat.invalid.", "no.member.either.test."),
        ptr("elsewhere.cat.invalid.", "nor.this.test."),
    });
    CHECK(content.broken.empty());
    REQUIRE(content.members.size() == 1);
    CHECK(content.members[0].id == "abc");
    CHECK(content.members[0].groups.size() == 2);
    CHECK(content_of({kVersion2}).members.empty());
}

TEST_CASE("primaries are read for the catalog and for members", "[catalog]") {
    Bytes v6(16, 0);
    v6[15] = 1;
    const CatalogContent content = content_of({
        kVersion2,
        a("primaries.ext.cat.invalid.", 0xC0000201),
        txt("primaries.ext.cat.invalid.", "k1."),
        a("masters.cat.invalid.", 0xC0000202),
        ptr("1.zones.cat.invalid.", "one.test."),
        ptr("2.zones.cat.invalid.", "two.test."),
        a("ns1.primaries.ext.2.zones.cat.invalid.", 0xC0000203),
        txt("ns1.primaries.ext.2.zones.cat.invalid.", "k2."),
        record("ns2.primaries.ext.2.zones.cat.invalid.", dns::RrType::aaaa, v6),
    });
    CHECK(content.broken.empty());
    const CatalogPrimary first{.address = IpAddress::v4({192, 0, 2, 1}), .key = "k1."};
    CHECK(std::count(content.primaries.begin(), content.primaries.end(), first) == 1);
    CHECK(member(content, "one.test.").primaries.empty());
    const std::vector<CatalogPrimary>& two = member(content, "two.test.").primaries;
    REQUIRE(two.size() == 2);
    CHECK(two[0] == CatalogPrimary{.address = IpAddress::v4({192, 0, 2, 3}), .key = "k2."});
    CHECK(two[1].address.to_text() == "::1");
    CHECK(two[1].key.empty());
}

TEST_CASE("a catalog that we make reads back as it was meant", "[catalog]") {
    const std::vector<ListedZone> zones = {
        {name("one.test."), ""}, {name("Two.test."), "reverse"}, {name("."), ""}};
    const RecordList made = catalog_records(name("cat.invalid."), zones);
    ListStream stream{made};
    const Result<CatalogContent> content = read_catalog(name("cat.invalid."), stream);
    REQUIRE(content);
    CHECK(content->broken.empty());
    REQUIRE(content->members.size() == 3);
    CHECK(member(*content, "two.test.").groups == std::vector<std::string>{"reverse"});
    CHECK(member(*content, "one.test.").id == member_label(name("ONE.test.")));
    CHECK(member(*content, "one.test.").id.size() == 32);
    CHECK(member_label(name("one.test.")) != member_label(name("two.test.")));
}

TEST_CASE("a member's label never changes", "[catalog]") {
    // The first 16 octets of the SHA-256 of 07 "example" 04 "test" 00.
    CHECK(member_label(name("Example.TEST.")) == "1b4132c087a4d979c884bad48da2b84e");
}

TEST_CASE("an apex of the greatest length has room for members", "[catalog]") {
    const std::string label(63, 'y');
    const std::string apex = fmt::format("{}.{}.{}.{}.", std::string(14, 'x'), label, label, label);
    REQUIRE(name(apex).view().size() == kMaxCatalogNameBytes);
    const std::vector<ListedZone> zones = {{name("one.test."), "g"}};
    const RecordList made = catalog_records(name(apex), zones);
    ListStream stream{made};
    const Result<CatalogContent> content = read_catalog(name(apex), stream);
    REQUIRE(content);
    CHECK(content->members.size() == 1);
}

}  // namespace
}  // namespace twinzone::zone
