#include "common/store/comparison.h"

#include "common/zone/page.h"
#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

constexpr std::uint64_t kPageRecords = 300;
constexpr std::uint64_t kEditable = kMaxEditedBytes / zone::kPageBytes;  // pages

zone::Version version_of(std::uint64_t pages) {
    zone::Version version;
    version.records = pages * kPageRecords;
    version.wire_bytes = pages * zone::kPageBytes;
    return version;
}

// Whether that is too much, of a version of so many pages where each `every`th from `first` on
// changes.
bool is_much(std::uint64_t pages, std::uint64_t first, std::uint64_t every) {
    EditForecast forecast{version_of(pages)};
    std::uint64_t edits = 0;
    for (std::uint64_t page = 0; page < pages; ++page) {
        edits += page >= first && page % every == 0 ? 1 : 0;
        for (std::uint64_t i = 1; i <= kPageRecords; ++i) {
            forecast.note(page * kPageRecords + i, edits);
            if (forecast.much()) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

TEST_CASE("what would edit too many pages is foretold", "[store][comparison]") {
    struct Row {
        const char* what;
        std::uint64_t pages;
        std::uint64_t first;
        std::uint64_t every;
        bool much;
    };
    const Row rows[] = {
        {"nothing changes", 10 * kEditable, 10 * kEditable, 1, false},
        {"all of a zone that may be edited whole", kEditable, 0, 1, false},
        {"all of a zone twice as large", 2 * kEditable, 0, 1, true},
        {"a quarter of that", 2 * kEditable, 0, 4, false},
        {"a quarter of a zone eight times as large", 8 * kEditable, 0, 4, true},
        {"one half, behind much that stays", 4 * kEditable, 2 * kEditable, 1, true},
        {"a little, behind much that stays", 4 * kEditable, 4 * kEditable - 100, 1, false},
        {"no page at all", 0, 0, 1, false},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.what) {
            CHECK(is_much(row.pages, row.first, row.every) == row.much);
        }
    }
}

TEST_CASE("it is foretold early", "[store][comparison]") {
    EditForecast forecast{version_of(10 * kEditable)};
    for (std::uint64_t page = 1; page <= 64; ++page) {
        CHECK_FALSE(forecast.much());
        forecast.note(page * kPageRecords, page);
    }
    CHECK(forecast.much());
}

}  // namespace twinzone::store::test
