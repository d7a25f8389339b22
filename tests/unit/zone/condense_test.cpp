#include "common/zone/condense.h"

#include "tests/support/catch.h"
#include "tests/unit/zone/fixture.h"

namespace twinzone::zone::test {

namespace {

using Records = std::vector<dns::Record>;

// The chain of differences between one content and the next.
Result<Diff> condense_contents(const std::vector<Records>& contents) {
    std::vector<Diff> chain;
    for (std::uint32_t i = 1; i < contents.size(); ++i) {
        chain.push_back(
            diff_of(soa(i), list_of(contents[i - 1]), soa(i + 1), list_of(contents[i])));
    }
    return condense(chain);
}

}  // namespace

TEST_CASE("condensing leaves the difference between first and last", "[zone][condense]") {
    const dns::Record keep = a("k.example.", 1);
    const dns::Record x = a("x.example.", 1, 300);
    const dns::Record x600 = a("x.example.", 1, 600);
    const dns::Record x900 = a("x.example.", 1, 900);
    struct Row {
        const char* name;
        std::vector<Records> contents;
        Records removed;
        Records added;
    };
    const Row rows[] = {
        {"one difference stays itself", {{keep}, {keep, x}}, {}, {x}},
        {"added and removed vanishes", {{keep}, {keep, x}, {keep}}, {}, {}},
        {"removed and added again vanishes", {{keep, x}, {keep}, {keep, x}}, {}, {}},
        {"came back with another TTL", {{x}, {}, {x600}}, {x}, {x600}},
        {"TTL changed twice", {{x}, {x600}, {x900}}, {x}, {x900}},
        {"TTL changed and back", {{x}, {x600}, {x}}, {}, {}},
        {"TTL changed, then removed", {{x}, {x600}, {}}, {x}, {}},
        {"added, TTL changed", {{}, {x}, {x600}}, {}, {x600}},
        {"longer", {{x}, {}, {x600}, {keep}, {keep, x900}, {keep}}, {x}, {keep}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const Result<Diff> one = condense_contents(row.contents);
            REQUIRE(one);
            CHECK(one->from.serial.value() == 1);
            CHECK(one->to.serial.value() == row.contents.size());
            CHECK(same_records(one->removed, list_of(row.removed)));
            CHECK(same_records(one->added, list_of(row.added)));
        }
    }
}

TEST_CASE("a chain with a gap is refused", "[zone][condense]") {
    const RecordList none;
    const RecordList one = list_of({a("a.example.", 1)});
    const Diff gap[] = {diff_of(soa(1), none, soa(2), one), diff_of(soa(3), one, soa(4), none)};
    CHECK(condense(gap).error().code() == Errc::transfer_diverged);

    // The same serial with another SOA is another version.
    dns::SoaRecord other = soa(2);
    other.refresh = seconds{1};
    const Diff forked[] = {diff_of(soa(1), none, soa(2), one), diff_of(other, one, soa(3), none)};
    CHECK(condense(forked).error().code() == Errc::transfer_diverged);
}

}  // namespace twinzone::zone::test
