#include "common/store/record_sorter.h"

#include <fmt/format.h>

#include "common/base/random.h"
#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

constexpr std::size_t kRecords = 20000;

dns::Record record(std::size_t number, std::uint32_t ttl) {
    dns::Record made;
    made.owner = name(fmt::format("n{}.example.test", number));
    made.type = dns::RrType::txt;
    made.ttl = dns::Ttl{ttl};
    made.rdata.assign(1 + number % 200, 'x');
    made.rdata[0] = static_cast<std::uint8_t>(made.rdata.size() - 1);
    return made;
}

// "owner ttl" of every record.
std::vector<std::string> read_all(SortedStream& stream) {
    std::vector<std::string> all;
    for (;;) {
        const auto next = stream.next();
        REQUIRE(next);
        if (!*next) {
            return all;
        }
        all.push_back(fmt::format("{} {} {}", (*next)->owner.to_text(), (*next)->ttl.value(),
                                  (*next)->rdata.size()));
    }
}

struct Sorted {
    std::vector<std::string> records;
    std::uint64_t dropped = 0;
};

Sorted sort(const std::vector<dns::Record>& records, std::size_t memory_bytes) {
    const TemporaryDirectory directory;
    RecordSorter sorter{directory.path(), memory_bytes};
    for (const dns::Record& each : records) {
        REQUIRE(sorter.add(each.view()));
    }
    CHECK(sorter.added() == records.size());
    const std::uint64_t octets = sorter.octets();
    const auto stream = sorter.finish();
    REQUIRE(stream);
    CHECK((*stream)->octets() == octets);
    CHECK((octets > records.size()) == !records.empty());
    Sorted sorted{read_all(**stream), (*stream)->dropped()};
    REQUIRE((*stream)->rewind());
    CHECK(read_all(**stream) == sorted.records);
    CHECK((*stream)->dropped() == sorted.dropped);
    return sorted;
}

}  // namespace

TEST_CASE("sorting in runs on disk gives what sorting in memory gives", "[store][sorter]") {
    // A transfer often is one long ordered stretch, or a few: NSEC3 behind all other records.
    const std::size_t stretches = GENERATE(std::size_t{1}, std::size_t{3}, kRecords);
    const bool in_order = stretches == 1;
    Random random{7};
    std::vector<dns::Record> records;
    for (std::size_t i = 0; i < kRecords; ++i) {
        // The TTL tells which of two equal records was added last.
        records.push_back(
            record(in_order ? i : random.below(kRecords / 2), static_cast<std::uint32_t>(i)));
    }
    for (std::size_t i = 0; stretches < kRecords && i < stretches; ++i) {
        const auto at = [&](std::size_t stretch) {
            return records.begin() + static_cast<std::ptrdiff_t>(kRecords * stretch / stretches);
        };
        std::stable_sort(at(i), at(i + 1), [](const auto& a, const auto& b) {
            return zone::compare_canonical(a.view(), b.view()) < 0;
        });
    }
    const Sorted in_memory = sort(records, std::size_t{1} << 30);
    CHECK(in_memory.records.size() + in_memory.dropped == kRecords);
    CHECK((in_memory.dropped == 0) == in_order);
    for (const std::size_t memory_bytes : {std::size_t{40'000}, std::size_t{300'000}}) {
        const Sorted spilled = sort(records, memory_bytes);
        CHECK(spilled.records == in_memory.records);
        CHECK(spilled.dropped == in_memory.dropped);
    }
}

TEST_CASE("of records that are the same the one added last holds", "[store][sorter]") {
    for (const std::size_t memory_bytes : {std::size_t{1}, std::size_t{1} << 20}) {
        const Sorted sorted = sort({record(1, 10), record(2, 20), record(1, 30)}, memory_bytes);
        CHECK(sorted.records ==
              std::vector<std::string>{"n1.example.test. 30 2", "n2.example.test. 20 3"});
        CHECK(sorted.dropped == 1);
    }
}

TEST_CASE("the largest rdata goes through a run", "[store][sorter]") {
    dns::Record large = record(1, 1);
    large.type = dns::RrType{65280};
    large.rdata.assign(dns::kMaxRdataBytes, 'r');
    std::vector<dns::Record> records;
    for (std::uint32_t i = 0; i < 10; ++i) {
        large.owner = name(fmt::format("n{}.example.test", i));
        records.push_back(large);
    }
    CHECK(sort(records, 1).records.size() == 10);
}

TEST_CASE("nothing added gives nothing", "[store][sorter]") {
    CHECK(sort({}, 1).records.empty());
}

TEST_CASE("sorters that were filled side by side give what one would have", "[store][sorter]") {
    const std::size_t room = GENERATE(std::size_t{64} << 10, std::size_t{64} << 20);
    const TemporaryDirectory directory;
    RecordSorter one{directory.path(), room};
    RecordSorter front{directory.path(), room};
    RecordSorter back{directory.path(), room};
    Random random{3};
    for (std::size_t i = 0; i < kRecords; ++i) {
        const dns::Record made = record(random.below(kRecords), static_cast<std::uint32_t>(i));
        REQUIRE(one.add(made.view()));
        REQUIRE((i < kRecords / 2 ? front : back).add(made.view()));
    }
    back.sort();
    front.append(std::move(back));
    CHECK(front.added() == kRecords);
    const auto expected = one.finish();
    const auto joined = front.finish();
    REQUIRE(expected);
    REQUIRE(joined);
    CHECK(read_all(**joined) == read_all(**expected));
    CHECK((*joined)->dropped() == (*expected)->dropped());
    CHECK((*joined)->dropped() > 0);
}

TEST_CASE("a sorter that cannot spill says why", "[store][sorter]") {
    RecordSorter sorter{"/nowhere/at/all", 1};
    const auto added = sorter.add(record(1, 1).view());
    REQUIRE_FALSE(added);
    CHECK(added.error().code() == Errc::file_unreadable);
}

}  // namespace twinzone::store::test
