// Versions rebuilt from the journal, and what changed between any two of them, against the versions
// as they were.
#include "common/service/old_version.h"

#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "common/base/random.h"
#include "common/service/record_changes.h"
#include "tests/support/catch.h"
#include "tests/support/memory_snapshot.h"

namespace twinzone::service {
namespace {

using test::MemorySnapshot;

std::string spill() {
    return std::filesystem::temp_directory_path().string();
}

class ListStream final : public zone::RecordStream {
  public:
    explicit ListStream(const zone::RecordList& list) : list_(list) {}
    Result<std::optional<dns::RecordView>> next() override {
        return at_ < list_.size() ? std::optional{list_[at_++]} : std::nullopt;
    }

  private:
    const zone::RecordList& list_;
    std::size_t at_ = 0;
};

std::vector<std::string> texts_of(zone::RecordStream& stream) {
    std::vector<std::string> texts;
    while (const std::optional<dns::RecordView> record = *stream.next()) {
        texts.push_back(test::text_of(*record));
    }
    return texts;
}

std::vector<std::string> texts_of(RecordChanges& changes) {
    std::vector<std::string> texts;
    while (const std::optional<Change> change = *changes.next()) {
        if (change->removed) {
            texts.push_back(fmt::format("-{}", test::text_of(*change->removed)));
        }
        if (change->added) {
            texts.push_back(fmt::format("+{}", test::text_of(*change->added)));
        }
    }
    return texts;
}

// Version n has serial n + 1. Few names, so that records come, go, come back and change their TTL.
std::vector<zone::RecordList> random_versions(Random& random, std::size_t count) {
    std::vector<zone::RecordList> versions;
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<dns::Record> records = {test::ns()};
        for (const char* label : {"a", "b", "c", "d", "e"}) {
            for (std::uint8_t last = 1; last <= 2; ++last) {
                if (random.below(2) == 0) {
                    const auto ttl = static_cast<std::uint32_t>(300 + random.below(2));
                    records.push_back(test::a(label, last, ttl));
                }
            }
        }
        versions.push_back(test::list_of(records));
    }
    return versions;
}

MemorySnapshot snapshot_of(const std::vector<zone::RecordList>& versions) {
    std::vector<zone::Diff> steps;
    for (std::size_t i = 1; i < versions.size(); ++i) {
        ListStream before{versions[i - 1]};
        ListStream after{versions[i]};
        steps.push_back(**zone::diff(test::soa_record(static_cast<std::uint32_t>(i)), before,
                                     test::soa_record(static_cast<std::uint32_t>(i + 1)), after,
                                     1U << 20));
    }
    const auto serial = static_cast<std::uint32_t>(versions.size());
    return MemorySnapshot{test::soa_record(serial), versions.back(), steps};
}

TEST_CASE("any version and any difference come out of the journal as they were", "[service]") {
    Random random{20260401};
    for (int round = 0; round < 40; ++round) {
        const std::vector<zone::RecordList> versions = random_versions(random, 6);
        const MemorySnapshot snapshot = snapshot_of(versions);
        for (std::uint32_t from = 1; from <= versions.size(); ++from) {
            const VersionPlace older = *find_version(snapshot, dns::Serial{from});
            CHECK(older.soa.serial == dns::Serial{from});
            const auto rebuilt = *records_at(snapshot, older, spill());
            REQUIRE(texts_of(*rebuilt) == test::texts_of(versions[from - 1]));

            for (std::uint32_t to = from; to <= versions.size(); ++to) {
                const VersionPlace newer = *find_version(snapshot, dns::Serial{to});
                const Touched touched = *touched_between(snapshot, older, newer, spill());
                RecordChanges found{*touched.before, *touched.after, Sameness::octets};
                ListStream before{versions[from - 1]};
                ListStream after{versions[to - 1]};
                RecordChanges expected{before, after, Sameness::octets};
                REQUIRE(texts_of(found) == texts_of(expected));
            }
        }
    }
}

TEST_CASE("a serial that the journal has not is told with what it has", "[service]") {
    Random random{1};
    const MemorySnapshot snapshot = snapshot_of(random_versions(random, 3));
    const auto missing = find_version(snapshot, dns::Serial{9});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code() == Errc::not_found);
    CHECK(missing.error().detail() ==
          "serial 9 of example.test. is not in the journal: it goes from 1 to 3");

    const VersionPlace newest{.back = 0, .soa = snapshot.version().soa};
    CHECK(version_before(snapshot, newest)->soa.serial == dns::Serial{2});
    const auto none = version_before(snapshot, *find_version(snapshot, dns::Serial{1}));
    REQUIRE_FALSE(none);
    CHECK(none.error().detail() == "the journal of example.test. has no version before 1");

    const MemorySnapshot alone = snapshot_of(random_versions(random, 1));
    CHECK(find_version(alone, dns::Serial{7}).error().detail() ==
          "serial 7 of example.test. is not in the journal: it holds only 1");
}

TEST_CASE("changes of TTL and case are changes, or not, as asked", "[service]") {
    dns::Record lower = test::ns("ns1.example.test.");
    dns::Record upper = test::ns("NS1.example.test.");
    const zone::RecordList from = test::list_of({lower, test::a("www", 1, 300)});
    const zone::RecordList to = test::list_of({upper, test::a("www", 1, 600)});
    const auto count = [&](Sameness sameness) {
        ListStream before{from};
        ListStream after{to};
        RecordChanges changes{before, after, sameness};
        return texts_of(changes).size();
    };
    CHECK(count(Sameness::octets) == 4);
    CHECK(count(Sameness::meaning) == 2);
}

}  // namespace
}  // namespace twinzone::service
