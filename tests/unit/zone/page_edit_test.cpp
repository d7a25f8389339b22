#include "common/zone/page_edit.h"

#include <iterator>

#include <fmt/format.h>

#include "common/zone/page_key.h"
#include "tests/support/catch.h"
#include "tests/unit/zone/fixture.h"

namespace twinzone::zone::test {

namespace {

// `count` records at one owner, about 100 octets each.
RecordList crowd(std::string_view owner, std::uint32_t count) {
    RecordList list;
    for (std::uint32_t i = 0; i < count; ++i) {
        list.append(txt(owner, fmt::format("{:06}{}", i, std::string(80, 'x'))).view());
    }
    list.sort_unique();
    return list;
}

RecordList hosts(std::uint32_t count) {
    RecordList list;
    for (std::uint32_t i = 0; i < count; ++i) {
        list.append(a(fmt::format("host-{:05}.example.", i), i).view());
    }
    return list;
}

RecordList with(const RecordList& list, const std::vector<dns::Record>& more) {
    RecordList out = list;
    for (const dns::Record& each : more) {
        out.append(each.view());
    }
    out.sort_unique();
    return out;
}

// `list` without the records at index begin to end - 1.
RecordList without(const RecordList& list, std::size_t begin, std::size_t end) {
    RecordList out;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (i < begin || i >= end) {
            out.append(list[i]);
        }
    }
    return out;
}

Diff change(const RecordList& before, const RecordList& after) {
    return diff_of(soa(1), before, soa(2), after);
}

}  // namespace

TEST_CASE("one changed record rewrites one page", "[zone][apply]") {
    const RecordList before = hosts(20'000);
    Zone zone{soa(1), before};
    const RecordList after = without(before, 7000, 7001);
    PageOverlay overlay{zone.table};
    REQUIRE(apply(change(before, after), overlay, zone.version));
    CHECK(overlay.changes().size() <=
          2);  // a new page, and the old key where its first record went
    zone.table.write(overlay.changes());
    check_zone(zone, after);
}

TEST_CASE("a new serial alone rewrites no page", "[zone][apply]") {
    const RecordList content = hosts(100);
    Zone zone{soa(1), content};
    PageOverlay overlay{zone.table};
    const Result<Applied> applied = apply(change(content, content), overlay, zone.version);
    REQUIRE(applied);
    CHECK(overlay.changes().empty());
    CHECK(zone.version.serial().value() == 2);
    check_zone(zone, content);
}

TEST_CASE("a page that overflows is cut in halves", "[zone][apply]") {
    const RecordList before = hosts(20'000);
    Zone zone{soa(1), before};
    const std::size_t pages = zone.table.pages.size();
    const RecordList after = with(before, {a("host-07000x.example.", 1)});
    PageOverlay overlay{zone.table};
    REQUIRE(apply(change(before, after), overlay, zone.version));
    CHECK(overlay.changes().size() == 2);
    for (const auto& [key, page] : overlay.changes()) {
        REQUIRE(page);
        CHECK(page->size() > kPageBytes / 3);
        CHECK(page->size() < kPageBytes / 3 * 2);
    }
    zone.table.write(overlay.changes());
    CHECK(zone.table.pages.size() == pages + 1);
    check_zone(zone, after);
}

TEST_CASE("pages that lose their records join their neighbours", "[zone][apply]") {
    RecordList content = hosts(20'000);
    Zone zone{soa(1), content};
    for (std::uint32_t serial = 1; serial <= 4; ++serial) {
        RecordList after;  // every fourth stays
        for (std::size_t i = 0; i < content.size(); i += 4) {
            after.append(content[i]);
        }
        REQUIRE(zone.apply(diff_of(soa(serial), content, soa(serial + 1), after)));
        check_zone(zone, after);
        // One more where the difference was cut.
        CHECK(zone.table.pages.size() <= zone.version.wire_bytes / (kPageBytes / 4) + 2);
        content = std::move(after);
    }
}

TEST_CASE("an empty zone fills and empties", "[zone][apply]") {
    const RecordList none;
    const RecordList some = hosts(5000);
    Zone zone{soa(1), none};
    CHECK(zone.table.pages.empty());
    REQUIRE(zone.apply(change(none, some)));
    check_zone(zone, some);
    REQUIRE(zone.apply(diff_of(soa(2), some, soa(3), none)));
    check_zone(zone, none);
    CHECK(zone.table.pages.empty());
    CHECK(zone.version.wire_bytes == 0);
}

TEST_CASE("an owner that goes on over many pages is edited anywhere", "[zone][apply][R2]") {
    const RecordList base = with(crowd("m.example.", 10'000),
                                 {a("a.example.", 1), a("m.example.", 1), a("z.example.", 1)});
    const std::size_t size = base.size();
    struct Row {
        const char* name = nullptr;
        RecordList before;
        RecordList after;
    };
    std::vector<dns::Record> some;
    for (std::uint32_t i = 0; i < 400; ++i) {
        some.push_back(txt("m.example.", fmt::format("005000{:05}{}", i, std::string(60, 'y'))));
    }
    const RecordList grown = with(base, some);
    const Row rows[] = {
        {"one goes in the middle", base, without(base, size / 2, size / 2 + 1)},
        {"one comes in the middle", base, with(base, {txt("m.example.", "005000")})},
        {"one comes before all", base, with(base, {txt("m.example.", "")})},
        {"one comes behind all", base, with(base, {txt("m.example.", std::string(200, 'z'))})},
        {"hundreds come in the middle", base, grown},
        {"hundreds go in the middle", grown, base},
        {"most go", base, without(base, 100, size - 100)},
        {"the first page's go", base, without(base, 1, 400)},
        {"the owner goes", base, without(base, 1, size - 1)},
        {"here and there", without(base, 3000, 3300), without(grown, 6000, 6001)},
        {"an owner comes before", base, with(base, {a("l.example.", 1)})},
        {"neighbours on both sides", base,
         with(without(base, 1, 2), {a("l.example.", 1), a("x.m.example.", 1)})},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            Zone zone{soa(1), row.before};
            check_zone(zone, row.before);
            REQUIRE(zone.apply(change(row.before, row.after)));
            check_zone(zone, row.after);
        }
    }
}

TEST_CASE("an owner that begins in the middle of a page is found on the pages behind",
          "[zone][apply]") {
    RecordList content = with(hosts(300), {});
    const RecordList many = crowd("m.example.", 1000);
    for (std::size_t i = 0; i < many.size(); ++i) {
        content.append(many[i]);
    }
    content.sort_unique();
    Zone zone{soa(1), content};
    for (const std::size_t index :
         {std::size_t{300}, std::size_t{310}, std::size_t{600}, std::size_t{1299}}) {
        INFO("record " << index);
        Zone edited = zone;
        const RecordList after = without(content, index, index + 1);
        REQUIRE(edited.apply(change(content, after)));
        check_zone(edited, after);
        REQUIRE(edited.apply(diff_of(soa(2), after, soa(3), content)));
        check_zone(edited, content);
    }
}

TEST_CASE("records larger than a page come and go between small ones", "[zone][apply]") {
    const auto large = [](std::string_view owner, std::size_t rdata) {
        return record(owner, static_cast<dns::RrType>(65280), Bytes(rdata, 7));
    };
    const RecordList small = hosts(50);
    const std::vector<dns::Record> big = {
        large("host-00010.example.", 16'300), large("host-00010x.example.", 64'000),
        large("host-00020.example.", 17'000), large("host-00020.example.", 17'001),
        large("host-00049z.example.", 20'000)};
    const RecordList mixed = with(small, big);
    Zone zone{soa(1), small};
    REQUIRE(zone.apply(change(small, mixed)));
    check_zone(zone, mixed);
    const RecordList fewer = without(mixed, 12, 30);
    REQUIRE(zone.apply(diff_of(soa(2), mixed, soa(3), fewer)));
    check_zone(zone, fewer);
    REQUIRE(zone.apply(diff_of(soa(3), fewer, soa(4), small)));
    check_zone(zone, small);
}

TEST_CASE("the root zone is a zone as others are", "[zone][apply]") {
    const RecordList before = list_of({named(".", dns::RrType::ns, "a.root-servers.net."),
                                       named("test.", dns::RrType::ns, "ns.test.")});
    const RecordList after =
        list_of({named(".", dns::RrType::ns, "b.root-servers.net."),
                 named("test.", dns::RrType::ns, "ns.test."), a("*.\\000\\.\\001.", 1)});
    Zone zone{soa(1, "."), before};
    REQUIRE(zone.apply(diff_of(soa(1, "."), before, soa(2, "."), after)));
    check_zone(zone, after);
    CHECK(zone.table.pages.begin()->first == Bytes{0, 0, 0});
}

TEST_CASE("a difference that does not fit changes nothing", "[zone][apply]") {
    const RecordList content = list_of({a("a.example.", 1), a("c.example.", 1)});
    const RecordList none;
    dns::SoaRecord forked = soa(1);
    forked.minimum = 1;
    struct Row {
        const char* name = nullptr;
        Diff diff;
        Errc expected{};
        const char* detail = nullptr;
    };
    const Row rows[] = {
        {"another serial",
         {soa(2), soa(3), none, none},
         Errc::transfer_diverged,
         "from serial 2, not 1"},
        {"another SOA", {forked, soa(3), none, none}, Errc::transfer_diverged, "another SOA"},
        {"another zone",
         {soa(1), soa(2, "x."), none, none},
         Errc::transfer_diverged,
         "another SOA"},
        {"changes nothing",
         {soa(1), soa(1), none, none},
         Errc::transfer_diverged,
         "changes nothing"},
        {"removes an unknown owner",
         {soa(1), soa(2), list_of({a("b.example.", 1)}), none},
         Errc::transfer_diverged,
         "removes b.example. A \\# 4 00000001"},
        {"removes an unknown record at the end",
         {soa(1), soa(2), list_of({a("z.example.", 1)}), none},
         Errc::transfer_diverged,
         "removes z.example."},
        {"removes other rdata, adds some",
         {soa(1), soa(2), list_of({a("a.example.", 2)}), list_of({a("a.example.", 0)})},
         Errc::transfer_diverged,
         "removes a.example. A \\# 4 00000002"},
        {"replaces what is not there",
         {soa(1), soa(2), list_of({a("b.example.", 1)}), list_of({a("b.example.", 1, 7)})},
         Errc::transfer_diverged,
         "removes b.example."},
        {"a SOA removed",
         {soa(1), soa(2), list_of({soa(1).record()}), none},
         Errc::transfer_malformed,
         "a SOA of example."},
        {"a SOA added below the apex",
         {soa(1), soa(2), none, list_of({soa(1, "b.example.").record()})},
         Errc::transfer_malformed,
         "a SOA of b.example."},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            Zone zone{soa(1), content};
            const Result<Applied> applied = zone.apply(row.diff);
            REQUIRE_FALSE(applied);
            CHECK(applied.error().code() == row.expected);
            CHECK(applied.error().detail().find(row.detail) != std::string::npos);
            check_zone(zone, content);
            CHECK(zone.version.serial().value() == 1);
        }
    }
}

TEST_CASE("pages that do not agree with their keys are damage", "[zone][apply]") {
    const RecordList content = hosts(2000);
    const Diff diff = change(content, with(content, {a("host-00000x.example.", 1)}));
    struct Row {
        const char* name = nullptr;
        std::size_t page = 0;
        std::uint8_t octet = 0;  // the first of the owner of the page's first record
    };
    const Row rows[] = {{"the page itself", 0, 'z'}, {"the page behind it", 1, 'A'}};
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            Zone zone{soa(1), content};
            auto at = zone.table.pages.begin();
            std::advance(at, row.page);
            at->second[dns::kHeaderBytes + 1] = row.octet;
            CHECK(zone.apply(diff).error().code() == Errc::store_corrupt);
        }
    }
}

TEST_CASE("an added record that is there is counted, and the new one holds", "[zone][apply]") {
    const RecordList content = list_of({a("a.example.", 1, 300), a("b.example.", 1, 300)});
    Zone zone{soa(1), content};
    const Diff again{
        soa(1),
        soa(2),
        {},
        list_of({a("a.example.", 1, 300), a("b.example.", 1, 600), a("c.example.", 1)})};
    const Result<Applied> applied = zone.apply(again);
    REQUIRE(applied);
    CHECK(applied->already_there == 2);
    CHECK(applied->added == 2);
    CHECK(applied->removed == 1);
    check_zone(zone,
               list_of({a("a.example.", 1, 300), a("b.example.", 1, 600), a("c.example.", 1)}));

    REQUIRE(applied->exact);
    const Diff exact = diff_of(soa(1), content, soa(2), zone.records());
    CHECK(same_records(applied->exact->removed, exact.removed));
    CHECK(same_records(applied->exact->added, exact.added));
}

TEST_CASE("a record is removed whatever its TTL, and history keeps ours", "[zone][apply]") {
    const RecordList content = list_of({a("a.example.", 1, 300), a("b.example.", 1, 300)});
    Zone zone{soa(1), content};
    const Diff other_ttl{
        soa(1), soa(2), list_of({a("A.example.", 1, 999), a("b.example.", 1, 300)}), {}};
    const Result<Applied> applied = zone.apply(other_ttl);
    REQUIRE(applied);
    check_zone(zone, {});
    REQUIRE(applied->exact);
    CHECK(same_records(applied->exact->removed, content));
}

TEST_CASE("case of owners and rdata stays as it came in", "[zone][apply]") {
    const RecordList before = list_of({named("WwW.eXample.", dns::RrType::cname, "hOst.Example.")});
    Zone zone{soa(1), before};
    const RecordList after =
        with(before, {named("www2.example.", dns::RrType::cname, "Host.example.")});
    REQUIRE(zone.apply(change(before, after)));
    const RecordList records = zone.records();
    CHECK(same_bytes(records[0].owner, name("WwW.eXample.")));
    check_zone(zone, after);
}

TEST_CASE("serials are compared for being the same only, around the circle too", "[zone][apply]") {
    const RecordList none;
    Zone zone{soa(0xffffffff), none};
    REQUIRE(zone.apply(diff_of(soa(0xffffffff), none, soa(0), list_of({a("a.example.", 1)}))));
    CHECK(zone.version.serial().value() == 0);
}

TEST_CASE("an overlay gives neighbours as the written table would", "[zone][overlay]") {
    MapTable below;
    for (const std::uint8_t number :
         {std::uint8_t{1}, std::uint8_t{3}, std::uint8_t{5}, std::uint8_t{7}}) {
        below.pages[page_key(sort_key(name("a.")), number)] = {number};
    }
    PageOverlay overlay{below};
    PageChanges changes;
    changes[page_key(sort_key(name("a.")), 3)] = std::nullopt;
    changes[page_key(sort_key(name("a.")), 4)] = Bytes{40};
    changes[page_key(sort_key(name("a.")), 5)] = Bytes{50};
    changes[page_key(sort_key(name("a.")), 7)] = std::nullopt;
    overlay.merge(std::move(changes));
    MapTable written = below;
    written.write(overlay.changes());
    for (std::uint16_t number = 0; number < 9; ++number) {
        INFO("number " << number);
        const Bytes key = page_key(sort_key(name("a.")), number);
        const auto same = [](const Result<std::optional<PageTable::Entry>>& x,
                             const Result<std::optional<PageTable::Entry>>& y) {
            return x->has_value() == y->has_value() &&
                   (!*x || (compare_keys((*x)->key, (*y)->key) == 0 &&
                            compare_keys((*x)->page, (*y)->page) == 0));
        };
        CHECK(same(overlay.last_at_or_before(key), written.last_at_or_before(key)));
        CHECK(same(overlay.first_after(key), written.first_after(key)));
    }
    CHECK((*overlay.first_after({}))->page[0] == 1);
}

}  // namespace twinzone::zone::test
