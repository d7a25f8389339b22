#include "primary/moved_records.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/base/random.h"
#include "tests/support/catch.h"
#include "tests/support/records.h"

namespace twinzone::primary {

namespace {

zone::RecordList hosts(const std::vector<int>& numbers) {
    zone::RecordList list;
    for (const int number : numbers) {
        list.append(test::a(fmt::format("h{}", number), static_cast<std::uint8_t>(number)).view());
    }
    return list;
}

std::vector<int> numbers_of(const zone::RecordList& list) {
    std::vector<int> numbers;
    for (std::size_t i = 0; i < list.size(); ++i) {
        numbers.push_back(list[i].rdata.back());
    }
    return numbers;
}

}  // namespace

TEST_CASE("what stands on both sides has only moved", "[primary]") {
    zone::RecordList removed = hosts({1, 2, 3, 3, 4});
    zone::RecordList added = hosts({4, 9, 3, 1, 1});
    drop_moved(removed, added);
    CHECK(numbers_of(removed) == std::vector{2, 3});
    CHECK(numbers_of(added) == std::vector{9, 1});
}

TEST_CASE("another TTL or another case of the owner is another record", "[primary]") {
    zone::RecordList removed;
    removed.append(test::a("www", 1, 300).view());
    removed.append(test::a("mail", 2).view());
    zone::RecordList added;
    added.append(test::a("www", 1, 301).view());
    added.append(test::a("Mail", 2).view());
    drop_moved(removed, added);
    CHECK(removed.size() == 2);
    CHECK(added.size() == 2);
    zone::RecordList none;
    drop_moved(none, added);
    CHECK(added.size() == 2);
    drop_moved(removed, none);
    CHECK(removed.size() == 2);
}

TEST_CASE("of many records just the difference stays", "[primary]") {
    Random random{7};
    std::vector<int> before(5000);
    std::vector<int> after(5000);
    for (std::size_t i = 0; i < before.size(); ++i) {
        before[i] = static_cast<int>(random.below(200));
        after[i] = static_cast<int>(random.below(200));
    }
    zone::RecordList removed = hosts(before);
    zone::RecordList added = hosts(after);
    drop_moved(removed, added);
    std::sort(before.begin(), before.end());
    std::sort(after.begin(), after.end());
    std::vector<int> gone;
    std::vector<int> come;
    std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                        std::back_inserter(gone));
    std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                        std::back_inserter(come));
    std::vector<int> found = numbers_of(removed);
    std::sort(found.begin(), found.end());
    CHECK(found == gone);
    found = numbers_of(added);
    std::sort(found.begin(), found.end());
    CHECK(found == come);
}

}  // namespace twinzone::primary
