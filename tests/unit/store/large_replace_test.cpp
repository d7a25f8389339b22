// Whole content that changes most pages of a large zone: written anew, with its difference.
#include "common/store/large_replace.h"

#include <fmt/format.h>

#include "common/store/comparison.h"
#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

constexpr zone::GuardLimits kTenth{.max_delete_percent = 10, .min_records = 10};
constexpr std::size_t kRecords = 90'000;

const dns::Name& zone_name() {
    static const dns::Name name = test::name("example.test");
    return name;
}

struct LargeStore : StoreFixture {
    LargeStore() {
        REQUIRE(replace(zone_name(), 1, model));
        REQUIRE(snapshot(zone_name())->version().wire_bytes > kMaxEditedBytes);
    }

    Result<zone::Committed> guarded(const std::optional<zone::Digest>& expected = {}) {
        zone::Commit work = frame(zone_name());
        work.change = zone::ReplaceWith{soa(zone_name(), 2),
                                        stream_of(zone_name(), model, options.directory)};
        work.guard = kTenth;
        work.expected = expected;
        return commit(std::move(work));
    }

    Model model = big_model(kRecords, std::string(200, 'x'));
};

}  // namespace

TEST_CASE("a large zone that changes throughout goes on with history", "[store][large]") {
    LargeStore f;
    const Model before = f.model;
    for (std::size_t i = 0; i < kRecords; i += 50) {
        f.model[fmt::format("name{}", i)] = "changed";
    }
    f.model.erase("name1");
    f.model["new"] = "new";
    const auto old = f.snapshot(zone_name());
    SECTION("written, and read beside the old version") {
        const auto done = f.guarded();
        REQUIRE(done);
        CHECK(done->removed == kRecords / 50 + 1);
        CHECK(done->added == kRecords / 50 + 1);
        CHECK(StoreFixture::read(*old) == before);
        CHECK(f.read(zone_name()) == f.model);
        CHECK(f.history(zone_name(), 1) == "1>2");
    }
    SECTION("what is not the content that was judged stays out") {
        const auto done = f.guarded(zone::Digest{1, 2});
        REQUIRE_FALSE(done);
        CHECK(done.error().code() == Errc::transfer_diverged);
        CHECK(f.serial(zone_name()) == 1U);
        f.store->drain();
        CHECK(f.read(zone_name()) == before);
    }
}

TEST_CASE("a large version that the guard stops is held as its difference", "[store][large]") {
    LargeStore f;
    const std::uint64_t pages = f.entries(Table::pages);
    const Model before = f.model;
    for (std::size_t i = 0; i < kRecords; ++i) {
        if (i % 5 == 0) {
            f.model.erase(fmt::format("name{}", i));
        }
    }
    const auto done = f.guarded();
    REQUIRE(done);
    REQUIRE(done->held);
    CHECK(done->held->lost == kRecords / 5);
    CHECK(f.read(zone_name()) == before);
    f.store->drain();
    CHECK(f.entries(Table::pages) == pages);  // what was written on the way is gone
    zone::Commit approve = f.frame(zone_name());
    approve.change = zone::PublishHeld{.serial = dns::Serial{2}};
    const Result<zone::Committed> published = f.commit(std::move(approve));
    REQUIRE(published);
    CHECK(f.read(zone_name()) == f.model);
    CHECK(f.history(zone_name(), 1) == "1>2");
}

}  // namespace twinzone::store::test
