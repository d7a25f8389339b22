// Full maps, full disks and disks that fail.
#include <fmt/format.h>

#include "tests/support/catch.h"
#include "tests/unit/store/disk_fault.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

struct SmallStore : StoreFixture {
    SmallStore() {
        close();
        options.max_bytes = std::uint64_t{8} << 20;
        open();
    }
};

// About 1 MiB a 10,000 names.
Model megabytes(std::size_t count) {
    return big_model(count * 10000, std::string(80, 'm'));
}

}  // namespace

TEST_CASE("what does not fit the store's limit fails, and the store serves on",
          "[store][disk][R52]") {
    SmallStore f;
    const dns::Name zone = name("example.test");
    const Model fits = megabytes(2);
    REQUIRE(f.replace(zone, 1, fits));
    const dns::Name other = name("other.test");
    // 4 MiB goes with its group, more in transactions of its own.
    const std::size_t size = GENERATE(std::size_t{20}, std::size_t{9});
    const auto done = f.replace(other, 1, megabytes(size));
    REQUIRE_FALSE(done);
    INFO(done.error().detail());
    CHECK(done.error().code() == Errc::store_full);
    CHECK(f.store->find(other) == nullptr);
    CHECK(f.read(zone) == fits);
    Model changed = fits;
    changed["name5"] = "changed";
    REQUIRE(f.apply(zone, {diff_of(zone, 1, fits, 2, changed)}));
    CHECK(f.read(zone) == changed);
    REQUIRE(f.replace(other, 1, {{"www", "small"}}));
    f.reopen();
    CHECK(f.store->opening().leftovers == 0);
    CHECK(f.read(zone) == changed);
}

TEST_CASE("a full store takes timers and drops, and then content again", "[store][disk]") {
    SmallStore f;
    std::uint32_t filled = 0;
    for (; filled < 100; ++filled) {
        if (!f.replace(name(fmt::format("zone{}.test", filled)), 1, megabytes(1))) {
            break;
        }
    }
    REQUIRE(filled > 2);
    REQUIRE(filled < 100);
    zone::Commit work = f.frame(name("zone0.test"));
    work.change = zone::TouchTimers{};
    work.timers = zone::ZoneTimers{UnixTime{1}, UnixTime{2}};
    const auto committed = f.commit(std::move(work));
    CHECK(committed);
    CHECK(f.drop(name("zone1.test")));
    CHECK(f.drop(name("zone2.test")));
    const auto again = f.replace(name("again.test"), 1, megabytes(1));
    INFO((again ? "" : again.error().detail()));
    CHECK(again);
    for (std::uint32_t i = 0; i < filled; ++i) {
        const dns::Name zone = name(fmt::format("zone{}.test", i));
        if (i != 1 && i != 2) {
            CHECK(f.read(zone) == megabytes(1));
        }
    }
}

TEST_CASE("a full disk fails the commits that need room, one by one", "[store][disk][R52]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    REQUIRE(f.replace(zone, 1, megabytes(1)));
    {
        const FullDisk full{f.store->stats().used_bytes};
        std::optional<Errc> large;
        zone::Commit work = f.frame(name("other.test"));
        work.change =
            zone::ReplaceWith{soa(name("other.test"), 1),
                              stream_of(name("other.test"), megabytes(1), f.options.directory)};
        f.store->submit(std::move(work), [&](const Result<zone::Committed>& done) {
            large = done ? Errc::internal : done.error().code();
        });
        f.store->drain();
        CHECK(large == Errc::disk_full);
        CHECK(f.read(zone) == megabytes(1));
    }
    CHECK(f.replace(name("other.test"), 1, megabytes(1)));
    f.reopen();
    CHECK(f.read(zone) == megabytes(1));
    CHECK(f.read(name("other.test")) == megabytes(1));
}

TEST_CASE("after a failed sync the store comes back by itself", "[store][disk][R57]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    REQUIRE(f.replace(zone, 1, {{"www", "one"}}));
    {
        const auto held = f.snapshot(zone);
        {
            const FailingSync fault;
            const auto done = f.replace(zone, 2, {{"www", "two"}});
            REQUIRE_FALSE(done);
            CHECK(done.error().code() == Errc::store_io);
        }
        // As long as a snapshot lives, the file must not be opened again.
        const auto done = f.replace(zone, 2, {{"www", "two"}});
        REQUIRE_FALSE(done);
        CHECK(done.error().code() == Errc::store_io);
        CHECK(f.store->stats().broken);
        CHECK_FALSE(f.store->snapshot(zone));
        CHECK(StoreFixture::read(*held) == Model{{"www", "one"}});
    }
    bool back = false;
    for (int attempt = 0; attempt < 1000 && !back; ++attempt) {
        back = f.replace(name("probe.test"), 1, {}).has_value();
    }
    REQUIRE(back);
    CHECK_FALSE(f.store->stats().broken);
    const auto serial = f.serial(zone);
    CHECK((serial == 1U || serial == 2U));  // whichever it is, all of it is there
    CHECK(f.read(zone) == Model{{"www", serial == 1U ? "one" : "two"}});
    REQUIRE(f.replace(zone, 3, {{"www", "three"}}));
    f.reopen();
    CHECK(f.read(zone) == Model{{"www", "three"}});
}

TEST_CASE("a failed commit that reached the disk is told when the store is back",
          "[store][disk][R57]") {
    StoreFixture f;
    f.close();
    std::optional<zone::ZoneState> found;
    f.options.on_found = [&found](const zone::ZoneState& state) { found = state; };
    f.open();
    const dns::Name zone = name("example.test");
    REQUIRE(f.replace(zone, 1, {{"www", "one"}}));
    zone::Commit work = f.frame(zone);
    work.change =
        zone::ReplaceWith{soa(zone, 2), stream_of(zone, {{"www", "two"}}, f.options.directory)};
    work.owe_notify = {"ns2"};
    {
        const FailingCommit fault;
        const auto done = f.commit(std::move(work));
        REQUIRE_FALSE(done);
        CHECK(done.error().code() == Errc::store_io);
    }
    CHECK_FALSE(found);
    CHECK(f.serial(zone) == 1U);
    bool back = false;
    for (int attempt = 0; attempt < 1000 && !back; ++attempt) {
        back = f.replace(name("probe.test"), 1, {}).has_value();
    }
    REQUIRE(back);
    REQUIRE(found);
    CHECK(found->zone == zone);
    CHECK(found->version->serial() == dns::Serial{2});
    CHECK(f.read(zone) == Model{{"www", "two"}});
    const auto owed = f.store->owed_notifies();
    REQUIRE(owed.size() == 1);
    CHECK(owed.front().remote == "ns2");
}

}  // namespace twinzone::store::test
