#include "common/zone/diff.h"

#include "common/zone/diff_pages.h"
#include "tests/support/catch.h"
#include "tests/unit/zone/fixture.h"

namespace twinzone::zone::test {

TEST_CASE("a diff holds what is in one only, and both forms of what changed", "[zone][diff]") {
    const RecordList before =
        list_of({a("a.example.", 1), a("b.example.", 1, 300),
                 named("c.example.", dns::RrType::ns, "ns.example."), a("d.example.", 1)});
    const RecordList after =
        list_of({a("A.example.", 1), a("b.example.", 1, 600),
                 named("c.example.", dns::RrType::ns, "NS.example."), a("e.example.", 1)});
    const Diff diff = diff_of(soa(1), before, soa(2), after);
    REQUIRE(diff.removed.size() == 3);
    REQUIRE(diff.added.size() == 3);
    CHECK(diff.removed[0].ttl.value() == 300);
    CHECK(diff.added[0].ttl.value() == 600);
    CHECK(same_content(diff.added[1], after[2]));
    CHECK(same_content(diff.removed[2], before[3]));
    CHECK(same_content(diff.added[2], after[3]));
    CHECK(diff_of(soa(1), before, soa(2), before).empty());
}

TEST_CASE("a diff that grows too large is given up", "[zone][diff]") {
    const RecordList none;
    const RecordList many = list_of({a("a.example.", 1), a("b.example.", 1), a("c.example.", 1)});
    for (const auto& [max_bytes, fits] :
         {std::pair{many.memory_bytes(), true}, std::pair{many.memory_bytes() - 1, false}}) {
        ListStream left{none};
        ListStream right{many};
        const Result<std::optional<Diff>> made = diff(soa(1), left, soa(2), right, max_bytes);
        REQUIRE(made);
        CHECK(made->has_value() == fits);
    }
}

TEST_CASE("pages of history hold old SOA, removed, new SOA, added", "[zone][history]") {
    const Diff diff =
        diff_of(soa(1), list_of({a("a.example.", 1)}), soa(2), list_of({a("b.example.", 1)}));
    const Result<std::vector<Bytes>> pages = encode_diff_pages(diff);
    REQUIRE(pages);
    REQUIRE(pages->size() == 1);
    PageReader reader{pages->front()};
    std::vector<dns::Record> records;
    records.reserve(4);
    for (int i = 0; i < 4; ++i) {
        records.emplace_back(**reader.next());
    }
    CHECK_FALSE(*reader.next());
    CHECK(dns::SoaRecord::parse(records[0].view())->serial.value() == 1);
    CHECK(same_content(records[1].view(), diff.removed[0]));
    CHECK(dns::SoaRecord::parse(records[2].view())->serial.value() == 2);
    CHECK(same_content(records[3].view(), diff.added[0]));
}

TEST_CASE("several differences behind each other are read one by one", "[zone][history]") {
    struct Pages : PageCursor {
        std::vector<Bytes> pages;
        std::size_t at = 0;
        Result<std::optional<ByteView>> next() override {
            return at < pages.size() ? std::optional<ByteView>{pages[at++]} : std::nullopt;
        }
    };
    const RecordList one = list_of({a("a.example.", 1)});
    auto cursor = std::make_unique<Pages>();
    const RecordList none;
    for (const Diff& diff :
         {diff_of(soa(1), one, soa(2), none), diff_of(soa(2), none, soa(3), none),
          diff_of(soa(3), none, soa(4), one)}) {
        const Result<std::vector<Bytes>> pages = encode_diff_pages(diff);
        REQUIRE(pages);
        cursor->pages.insert(cursor->pages.end(), pages->begin(), pages->end());
    }
    const Result<std::vector<Diff>> diffs = read_diffs(std::move(cursor));
    REQUIRE(diffs);
    REQUIRE(diffs->size() == 3);
    const std::size_t expected[][2] = {{1, 0}, {0, 0}, {0, 1}};
    for (std::uint32_t i = 0; i < 3; ++i) {
        const Diff& diff = (*diffs)[i];
        CHECK(diff.from.serial.value() == i + 1);
        CHECK(diff.to.serial.value() == i + 2);
        CHECK(diff.removed.size() == expected[i][0]);
        CHECK(diff.added.size() == expected[i][1]);
    }
}

TEST_CASE("history that is cut off or begins with no SOA is damage", "[zone][history]") {
    CHECK(decode_diff_pages({}).error().code() == Errc::store_corrupt);

    PageFill only_soa;
    CHECK(only_soa.add(soa(1).record().view()));
    const Bytes cut[] = {only_soa.take()};
    CHECK(decode_diff_pages(cut).error().code() == Errc::store_corrupt);

    PageFill no_soa;
    CHECK(no_soa.add(a("a.example.", 1).view()));
    const Bytes wrong[] = {no_soa.take()};
    CHECK(decode_diff_pages(wrong).error().code() == Errc::store_corrupt);
}

}  // namespace twinzone::zone::test
