#include "common/zone/patched_stream.h"

#include "tests/support/catch.h"
#include "tests/unit/zone/fixture.h"

namespace twinzone::zone::test {

namespace {

RecordList patched(const RecordList& base, Diff diff) {
    PatchedStream stream{std::make_unique<ListStream>(base), std::move(diff)};
    RecordList out;
    for (;;) {
        const Result<std::optional<dns::RecordView>> record = stream.next();
        REQUIRE(record);
        if (!*record) {
            return out;
        }
        out.append(**record);
    }
}

}  // namespace

TEST_CASE("a patched stream is the content that the difference leads to", "[zone][diff]") {
    struct Row {
        const char* name;
        std::vector<dns::Record> before;
        std::vector<dns::Record> after;
    };
    const std::vector<Row> rows = {
        {"nothing", {a("a.example.", 1)}, {a("a.example.", 1)}},
        {"all goes", {a("a.example.", 1), a("b.example.", 1)}, {}},
        {"all comes", {}, {a("a.example.", 1), a("b.example.", 1)}},
        {"a TTL", {a("a.example.", 1, 60), a("b.example.", 1)}, {a("a.example.", 1, 90)}},
        {"at both ends", {a("b.example.", 1)}, {a("a.example.", 1), a("c.example.", 1)}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const RecordList before = list_of(row.before);
            const RecordList after = list_of(row.after);
            CHECK(same_records(patched(before, diff_of(soa(1), before, soa(2), after)), after));
        }
    }
}

TEST_CASE("what was there already is not there twice", "[zone][diff]") {
    const RecordList base = list_of({a("a.example.", 1), a("b.example.", 1)});
    const RecordList none;
    const RecordList more = list_of({a("a.example.", 1), a("c.example.", 1)});
    const RecordList both = list_of({a("a.example.", 1), a("b.example.", 1), a("c.example.", 1)});
    CHECK(same_records(patched(base, diff_of(soa(1), none, soa(2), more)), both));
}

}  // namespace twinzone::zone::test
