#include "common/zone/guard.h"

#include <fmt/format.h>

#include "tests/support/catch.h"
#include "tests/unit/zone/fixture.h"

namespace twinzone::zone::test {

namespace {

dns::Record ns(std::string_view owner, std::string_view target) {
    return named(owner, dns::RrType::ns, target);
}

Losses losses_between(const RecordList& before, const RecordList& after) {
    ListStream a{before};
    ListStream b{after};
    const Result<Losses> losses = count_losses(name("example."), a, b);
    REQUIRE(losses);
    return *losses;
}

}  // namespace

TEST_CASE("lost is what nothing of the same owner and type takes the place of", "[zone][guard]") {
    struct Row {
        const char* name;
        std::vector<dns::Record> before;
        std::vector<dns::Record> after;
        std::uint64_t lost;
        bool apex_ns;
    };
    const std::vector<Row> rows = {
        {"nothing changes", {a("a.example.", 1)}, {a("a.example.", 1)}, 0, false},
        {"a record goes", {a("a.example.", 1), a("b.example.", 1)}, {a("b.example.", 1)}, 1, false},
        {"an address changes", {a("a.example.", 1)}, {a("a.example.", 2)}, 0, false},
        {"a TTL changes", {a("a.example.", 1, 300)}, {a("a.example.", 1, 600)}, 0, false},
        {"an RRset shrinks",
         {a("a.example.", 1), a("a.example.", 2), a("a.example.", 3)},
         {a("a.example.", 9)},
         2,
         false},
        {"another type takes no place", {a("a.example.", 1)}, {txt("a.example.", "x")}, 1, false},
        {"another owner takes no place", {a("a.example.", 1)}, {a("b.example.", 1)}, 1, false},
        {"only additions", {}, {a("a.example.", 1)}, 0, false},
        {"the apex's NS go",
         {ns("example.", "n1.test."), ns("example.", "n2.test."), a("x.example.", 1)},
         {a("x.example.", 1)},
         2,
         true},
        {"the apex's NS change",
         {ns("example.", "n1.test.")},
         {ns("example.", "n2.test.")},
         0,
         false},
        {"a delegation goes",
         {ns("example.", "n1.test."), ns("sub.example.", "n1.test.")},
         {ns("example.", "n1.test.")},
         1,
         false},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const RecordList before = list_of(row.before);
            const RecordList after = list_of(row.after);
            const Losses counted = losses_between(before, after);
            CHECK(counted.records == row.lost);
            CHECK(counted.apex_ns == row.apex_ns);
            const Losses of_diff = losses_of(diff_of(soa(1), before, soa(2), after));
            CHECK(of_diff.records == row.lost);
            CHECK(of_diff.apex_ns == row.apex_ns);
        }
    }
}

TEST_CASE("a difference cannot tell that other NS stay at the apex", "[zone][guard]") {
    const RecordList before = list_of({ns("example.", "n1.test."), ns("example.", "n2.test.")});
    const RecordList after = list_of({ns("example.", "n2.test.")});
    CHECK_FALSE(losses_between(before, after).apex_ns);
    CHECK(losses_of(diff_of(soa(1), before, soa(2), after)).apex_ns);
}

TEST_CASE("the guard holds above its share, never small zones, always lost NS", "[zone][guard]") {
    struct Row {
        std::uint32_t percent = 0;
        std::uint64_t min_records = 0;
        std::uint64_t records = 0;
        std::uint64_t lost = 0;
        bool apex_ns = false;
        std::optional<HoldReason> verdict;
    };
    const Row rows[] = {
        {50, 10, 100, 50, false, std::nullopt},
        {50, 10, 100, 51, false, HoldReason::deletions},
        {50, 10, 101, 50, false, std::nullopt},
        {50, 10, 101, 51, false, HoldReason::deletions},
        {50, 10, 10, 6, false, HoldReason::deletions},
        {50, 10, 9, 8, false, std::nullopt},
        {50, 10, 9, 1, true, HoldReason::apex_ns},
        {0, 10, 100, 1, false, HoldReason::deletions},
        {0, 10, 100, 0, false, std::nullopt},
        {100, 10, 100, 99, false, std::nullopt},
        {100, 0, 3, 2, false, std::nullopt},
        {50, 0, 3, 2, false, HoldReason::deletions},
        {50, 10, UINT64_MAX, UINT64_MAX / 2 - 1, false, std::nullopt},
        {50, 10, UINT64_MAX, UINT64_MAX / 2 + 1, false, HoldReason::deletions},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(fmt::format("{}% of {}, {} lost", row.percent, row.records, row.lost)) {
            const Losses losses{
                .records = row.lost, .removed = row.lost, .added = 0, .apex_ns = row.apex_ns};
            CHECK(judge({row.percent, row.min_records}, row.records, losses) == row.verdict);
        }
    }
}

}  // namespace twinzone::zone::test
