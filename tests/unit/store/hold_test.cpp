// Versions that the guard keeps, what an operator makes of them, and freezes.
#include <fmt/format.h>

#include "common/store/held_snapshot.h"
#include "common/store/peek.h"
#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

constexpr zone::GuardLimits kHalf{.max_delete_percent = 50, .min_records = 10};

const dns::Name& zone_name() {
    static const dns::Name name = test::name("example.test");
    return name;
}

Model first(const Model& model, std::size_t count) {
    Model out;
    for (const auto& entry : model) {
        if (out.size() < count) {
            out.insert(entry);
        }
    }
    return out;
}

Result<zone::Committed> guarded(StoreFixture& f, std::uint32_t serial, const Model& model) {
    zone::Commit work = f.frame(zone_name());
    work.change = zone::ReplaceWith{soa(zone_name(), serial),
                                    stream_of(zone_name(), model, f.options.directory)};
    work.guard = kHalf;
    work.timers = zone::ZoneTimers{.last_success = UnixTime{77}, .expires = UnixTime{777}};
    work.owe_notify = {"ns2"};
    return f.commit(std::move(work));
}

Result<zone::Committed> guarded_diffs(StoreFixture& f, std::vector<zone::Diff> diffs) {
    zone::Commit work = f.frame(zone_name());
    work.change = zone::ApplyDiffs{std::move(diffs)};
    work.guard = kHalf;
    return f.commit(std::move(work));
}

template <class Change>
Result<zone::Committed> change(StoreFixture& f, Change wanted) {
    zone::Commit work = f.frame(zone_name());
    work.change = wanted;
    return f.commit(std::move(work));
}

std::optional<std::uint32_t> held_serial(StoreFixture& f) {
    const zone::ZoneHold* hold = f.store->hold(zone_name());
    return hold != nullptr && hold->held ? std::optional{hold->held->version.serial().value()}
                                         : std::nullopt;
}

// Where nothing is held or swept any more: pages and steps of the version in service alone.
void check_nothing_left(StoreFixture& f, std::uint64_t steps) {
    f.reopen();
    f.store->drain();
    CHECK(f.entries(Table::holds) == 0);
    CHECK(f.entries(Table::journal) == 2 * steps);  // each a head and a page
    CHECK(f.entries(Table::pages) == 1);
}

}  // namespace

TEST_CASE("a version that takes away too much is held and survives a restart", "[store][guard]") {
    StoreFixture f;
    const Model all = big_model(20);
    REQUIRE(f.replace(zone_name(), 1, all));
    const auto done = guarded(f, 2, first(all, 5));
    REQUIRE(done);
    CHECK_FALSE(done->changed);
    CHECK(done->version->serial() == dns::Serial{1});
    REQUIRE(done->held);
    CHECK(done->held->reason == zone::HoldReason::deletions);
    CHECK(done->held->lost == 15);
    CHECK(done->held->version.records == 6);
    for (int round = 0; round < 2; ++round) {
        CHECK(f.serial(zone_name()) == 1U);
        CHECK(f.read(zone_name()) == all);
        CHECK(held_serial(f) == 2U);
        CHECK(f.store->hold(zone_name())->held->since == UnixTime{1000});
        CHECK(f.store->hold(zone_name())->held->source == "test");
        CHECK(f.store->owed_notifies().empty());
        CHECK(f.store->find(zone_name())->timers.last_success == UnixTime{});
        f.reopen();
    }
}

TEST_CASE("an approved version is what it would have been without the guard", "[store][guard]") {
    StoreFixture f;
    const Model all = big_model(20);
    const Model few = first(all, 5);
    REQUIRE(f.replace(zone_name(), 1, all));
    REQUIRE(guarded(f, 2, few)->held);
    f.reopen();
    const auto done = change(f, zone::PublishHeld{.serial = dns::Serial{2}});
    REQUIRE(done);
    CHECK(done->changed);
    CHECK(done->removed == 15);
    CHECK(f.read(zone_name()) == few);
    CHECK(f.history(zone_name(), 1) == "1>2");
    CHECK(f.store->hold(zone_name()) == nullptr);
    check_nothing_left(f, 1);
    CHECK(f.read(zone_name()) == few);
}

TEST_CASE("a chain of differences is judged by what it comes to", "[store][guard]") {
    StoreFixture f;
    const Model all = big_model(20);
    const Model few = first(all, 5);
    REQUIRE(f.replace(zone_name(), 1, all));
    SECTION("what goes and comes back passes") {
        const auto done = guarded_diffs(
            f, {diff_of(zone_name(), 1, all, 2, few), diff_of(zone_name(), 2, few, 3, all)});
        REQUIRE(done);
        CHECK(done->changed);
        CHECK(f.serial(zone_name()) == 3U);
    }
    SECTION("small steps are held where they come to much, and approved step by step") {
        const Model half = first(all, 12);
        const auto done = guarded_diffs(
            f, {diff_of(zone_name(), 1, all, 2, half), diff_of(zone_name(), 2, half, 3, few)});
        REQUIRE(done);
        CHECK(done->held);
        CHECK(f.serial(zone_name()) == 1U);
        REQUIRE(change(f, zone::PublishHeld{.serial = dns::Serial{3}}));
        CHECK(f.read(zone_name()) == few);
        CHECK(f.history(zone_name(), 1) == "1>2 2>3");
    }
}

TEST_CASE("content too large for a difference is held whole", "[store][guard]") {
    StoreFixture f;
    const std::string long_text(200, 'x');
    const Model all = big_model(40'000, long_text);
    REQUIRE(f.replace(zone_name(), 1, all));
    Model other;  // so different that a difference would be larger than the zone
    for (const auto& [owner, text] : all) {
        other.emplace(fmt::format("other-{}", owner), text);
    }
    const auto done = guarded(f, 2, other);
    REQUIRE(done);
    REQUIRE(done->held);
    CHECK(done->held->lost == 40'000);
    CHECK(done->held->added == 40'000);
    f.reopen();
    CHECK(f.read(zone_name()) == all);
    SECTION("approved") {
        REQUIRE(change(f, zone::PublishHeld{.serial = dns::Serial{2}}));
        f.reopen();
        CHECK(f.read(zone_name()) == other);
        CHECK(f.history(zone_name(), 1) == "none");
        CHECK(f.store->hold(zone_name()) == nullptr);
    }
    SECTION("rejected, its pages go") {
        const std::uint64_t pages = f.entries(Table::pages);
        REQUIRE(change(f, zone::DropHeld{.serial = dns::Serial{2}, .reject = true}));
        f.store->drain();
        CHECK(f.entries(Table::pages) < pages * 2 / 3);
        CHECK(f.read(zone_name()) == all);
    }
}

TEST_CASE("a held version can be read beside the one in service", "[store][guard]") {
    StoreFixture f;
    const auto names_of = [](zone::RecordStream& records) {
        std::size_t count = 0;
        for (auto record = records.next(); record && *record; record = records.next()) {
            ++count;
        }
        return count;
    };
    CHECK(f.store->held(zone_name()).error().code() == Errc::not_found);
    const bool large = GENERATE(false, true);
    const std::size_t count = large ? 40'000 : 20;
    const Model all = big_model(count, large ? std::string(200, 'x') : "x");
    REQUIRE(f.replace(zone_name(), 1, all));
    CHECK(f.store->held(zone_name()).error().code() == Errc::not_found);
    Model next = first(all, count / 4);
    if (large) {  // too different for a difference
        for (const auto& [owner, text] : all) {
            next.emplace(fmt::format("other-{}", owner), text);
        }
    }
    REQUIRE(guarded(f, 2, next)->held);
    const auto snapshot = f.store->held(zone_name());
    REQUIRE(snapshot);
    REQUIRE(change(f, zone::PublishHeld{.serial = dns::Serial{2}}));  // it stays as it was
    CHECK((*snapshot)->held().version.serial() == dns::Serial{2});
    CHECK((*snapshot)->in_service().serial() == dns::Serial{1});
    const auto held = (*snapshot)->held_records();
    REQUIRE(held);
    CHECK(names_of(**held) == next.size());
    CHECK(names_of(*(*snapshot)->records_in_service()) == all.size());
}

TEST_CASE("a rejected version is remembered and its content dropped", "[store][guard]") {
    StoreFixture f;
    const Model all = big_model(20);
    REQUIRE(f.replace(zone_name(), 1, all));
    REQUIRE(guarded(f, 2, first(all, 5))->held);
    REQUIRE(change(f, zone::DropHeld{.serial = dns::Serial{2}, .reject = true}));
    f.reopen();
    CHECK(f.serial(zone_name()) == 1U);
    const zone::ZoneHold* hold = f.store->hold(zone_name());
    REQUIRE(hold != nullptr);
    CHECK_FALSE(hold->held);
    REQUIRE(hold->rejected);
    CHECK(hold->rejected->version.serial() == dns::Serial{2});
    CHECK(hold->rejected->when == UnixTime{1000});
    const auto approved = change(f, zone::PublishHeld{.serial = dns::Serial{2}});
    REQUIRE_FALSE(approved);
    CHECK(approved.error().code() == Errc::not_found);
    REQUIRE(f.replace(zone_name(), 3, first(all, 19)));  // a good one ends the memory
    check_nothing_left(f, 1);
}

TEST_CASE("a newer version is judged anew and takes the held one's place", "[store][guard]") {
    StoreFixture f;
    const Model all = big_model(20);
    REQUIRE(f.replace(zone_name(), 1, all));
    REQUIRE(guarded(f, 2, first(all, 5))->held);
    SECTION("held as well") {
        REQUIRE(guarded(f, 3, first(all, 4))->held);
        CHECK(held_serial(f) == 3U);
        const auto stale = change(f, zone::PublishHeld{.serial = dns::Serial{2}});
        REQUIRE_FALSE(stale);
        CHECK(stale.error().code() == Errc::not_found);
        REQUIRE(change(f, zone::PublishHeld{.serial = dns::Serial{3}}));
        CHECK(f.read(zone_name()) == first(all, 4));
        check_nothing_left(f, 1);
    }
    SECTION("good") {
        const auto done = guarded(f, 3, first(all, 15));
        REQUIRE(done);
        CHECK(done->changed);
        CHECK(f.store->hold(zone_name()) == nullptr);
        check_nothing_left(f, 1);
    }
    SECTION("dropped without a word") {
        REQUIRE(change(f, zone::DropHeld{.serial = dns::Serial{2}, .reject = false}));
        CHECK(f.store->hold(zone_name()) == nullptr);
        check_nothing_left(f, 0);
    }
}

TEST_CASE("first loads, small zones and what has no guard pass", "[store][guard]") {
    StoreFixture f;
    const Model all = big_model(20);
    CHECK(guarded(f, 1, all)->changed);
    CHECK(f.replace(zone_name(), 2, first(all, 8))->changed);
    CHECK(guarded(f, 3, first(all, 1))->changed);
}

TEST_CASE("a frozen zone takes no new content, but timers, until it is thawed", "[store][guard]") {
    StoreFixture f;
    const Model all = big_model(20);
    REQUIRE(f.replace(zone_name(), 1, all));
    REQUIRE(change(f, zone::SetFrozen{.frozen = true}));
    f.reopen();
    REQUIRE(f.store->hold(zone_name()) != nullptr);
    CHECK(f.store->hold(zone_name())->frozen_since == UnixTime{1000});
    const auto refused = f.replace(zone_name(), 2, all);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Errc::zone_frozen);
    CHECK(change(f, zone::TouchTimers{}));
    REQUIRE(change(f, zone::SetFrozen{.frozen = false}));
    CHECK(f.store->hold(zone_name()) == nullptr);
    CHECK(f.replace(zone_name(), 2, all));
}

TEST_CASE("a store from before there were holds opens and is read", "[store][guard]") {
    StoreFixture f;
    REQUIRE(f.replace(zone_name(), 1, big_model(20)));
    f.close();
    MDB_env* env = nullptr;
    MDB_txn* txn = nullptr;
    MDB_dbi holds = 0;
    REQUIRE(mdb_env_create(&env) == 0);
    REQUIRE(mdb_env_set_maxdbs(env, kTables) == 0);
    REQUIRE(mdb_env_open(env, f.options.directory.c_str(), 0, 0600) == 0);
    REQUIRE(mdb_txn_begin(env, nullptr, 0, &txn) == 0);
    REQUIRE(mdb_dbi_open(txn, "holds", 0, &holds) == 0);
    REQUIRE(mdb_drop(txn, holds, 1) == 0);
    REQUIRE(mdb_txn_commit(txn) == 0);
    mdb_env_close(env);
    const auto peeked = peek(f.options.directory);
    REQUIRE(peeked);
    CHECK(peeked->size() == 1);
    f.open();
    CHECK(f.read(zone_name()) == big_model(20));
    REQUIRE(guarded(f, 2, big_model(2))->held);
}

TEST_CASE("a zone without a version can be frozen", "[store][guard]") {
    StoreFixture f;
    REQUIRE(change(f, zone::SetFrozen{.frozen = true}));
    CHECK(f.store->find(zone_name()) == nullptr);
    f.reopen();
    CHECK(f.replace(zone_name(), 1, big_model(3)).error().code() == Errc::zone_frozen);
    REQUIRE(f.drop(zone_name()));
    CHECK(f.store->hold(zone_name()) == nullptr);
}

TEST_CASE("a dropped zone leaves nothing held", "[store][guard]") {
    StoreFixture f;
    const Model all = big_model(20);
    REQUIRE(f.replace(zone_name(), 1, all));
    REQUIRE(guarded(f, 2, first(all, 5))->held);
    REQUIRE(f.drop(zone_name()));
    CHECK(f.store->hold(zone_name()) == nullptr);
    f.store->drain();
    CHECK(f.entries(Table::holds) == 0);
    CHECK(f.entries(Table::journal) == 0);
    CHECK(f.entries(Table::pages) == 0);
}

}  // namespace twinzone::store::test
