#include "common/store/store.h"

#include <fmt/format.h>

#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

TEST_CASE("a fresh store knows nothing", "[store]") {
    StoreFixture f;
    CHECK(f.store->opening().fresh);
    CHECK(f.store->opening().set_aside.empty());
    CHECK(f.store->find(name("example.test")) == nullptr);
    const auto taken = f.store->snapshot(name("example.test"));
    REQUIRE_FALSE(taken);
    CHECK(taken.error().code() == Errc::not_found);
    f.reopen();
    CHECK_FALSE(f.store->opening().fresh);
}

TEST_CASE("a commit is there after the store was closed and opened", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("Example.TEST");
    const Model model{{"", "apex"}, {"www", "one"}, {"a.b", "two"}};
    const auto done = f.replace(zone, 7, model);
    REQUIRE(done);
    CHECK(done->changed);
    CHECK(done->added == 3);
    CHECK(done->version->records == 4);
    for (int round = 0; round < 2; ++round) {
        CHECK(f.serial(name("example.test")) == 7U);
        CHECK(f.read(zone) == model);
        CHECK(same_bytes(f.snapshot(zone)->version().soa.owner, zone));
        f.reopen();
    }
}

TEST_CASE("a difference changes what it names and leaves a step", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    const Model one{{"", "apex"}, {"www", "one"}};
    const Model two{{"", "apex"}, {"www", "two"}};
    const Model three{{"", "apex"}, {"mail", "three"}};
    REQUIRE(f.replace(zone, 1, one));
    const auto done =
        f.apply(zone, {diff_of(zone, 1, one, 2, two), diff_of(zone, 2, two, 3, three)});
    REQUIRE(done);
    CHECK(done->changed);
    CHECK(done->removed == 2);
    CHECK(done->added == 2);
    CHECK(f.read(zone) == three);
    f.reopen();
    CHECK(f.read(zone) == three);
    CHECK(f.history(zone, 1) == "1>2 2>3");
    CHECK(f.history(zone, 2) == "2>3");
    CHECK(f.history(zone, 3).empty());
    CHECK(f.history(zone, 4) == "none");
    const auto held = f.snapshot(zone);
    const auto steps = held->history(dns::Serial{2});
    CHECK((**steps)[0].source == "test");
    CHECK((**steps)[0].committed == UnixTime{1000});
}

TEST_CASE("differences are applied all or none", "[store][R39]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    const Model one{{"www", "one"}};
    const Model two{{"www", "two"}};
    REQUIRE(f.replace(zone, 1, one));
    const auto done =
        f.apply(zone, {diff_of(zone, 1, one, 2, two), diff_of(zone, 2, {{"gone", "x"}}, 3, {})});
    REQUIRE_FALSE(done);
    CHECK(done.error().code() == Errc::transfer_diverged);
    CHECK(f.serial(zone) == 1U);
    CHECK(f.read(zone) == one);
    CHECK(f.history(zone, 1).empty());
}

TEST_CASE("work prepared against another serial is refused", "[store][R29]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    REQUIRE(f.replace(zone, 1, {{"www", "one"}}));
    for (const std::optional<dns::Serial> base :
         {std::optional<dns::Serial>{}, std::optional{dns::Serial{2}}}) {
        zone::Commit work = f.frame(zone);
        work.base = base;
        work.change = zone::ReplaceWith{soa(zone, 9), stream_of(zone, {}, f.options.directory)};
        const auto done = f.commit(std::move(work));
        REQUIRE_FALSE(done);
        CHECK(done.error().code() == Errc::transfer_diverged);
    }
    CHECK(f.serial(zone) == 1U);
}

TEST_CASE("the same content and SOA change nothing but timers", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    const Model model{{"www", "one"}};
    REQUIRE(f.replace(zone, 1, model));
    zone::Commit work = f.frame(zone);
    work.change = zone::ReplaceWith{soa(zone, 1), stream_of(zone, model, f.options.directory)};
    work.timers = zone::ZoneTimers{UnixTime{50}, UnixTime{60}};
    const auto done = f.commit(std::move(work));
    REQUIRE(done);
    CHECK_FALSE(done->changed);
    CHECK(done->version->serial() == dns::Serial{1});
    f.reopen();
    CHECK(f.store->find(zone)->timers.last_success == UnixTime{50});
    CHECK(f.store->find(zone)->timers.expires == UnixTime{60});
}

TEST_CASE("a new serial over the same content is a step of SOAs alone", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    const Model model{{"www", "one"}};
    REQUIRE(f.replace(zone, 1, model));
    const auto done = f.replace(zone, 2, model);
    REQUIRE(done);
    CHECK(done->changed);
    CHECK(done->added == 0);
    CHECK(f.read(zone) == model);
    CHECK(f.history(zone, 1) == "1>2");
}

TEST_CASE("changed content under one serial begins history anew", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    REQUIRE(f.replace(zone, 1, {{"www", "one"}}));
    REQUIRE(f.replace(zone, 2, {{"www", "two"}}));
    CHECK(f.history(zone, 1) == "1>2");
    const auto done = f.replace(zone, 2, {{"www", "other"}});
    REQUIRE(done);
    CHECK(done->changed);
    CHECK(f.read(zone) == Model{{"www", "other"}});
    CHECK(f.history(zone, 1) == "none");
    REQUIRE(f.replace(zone, 3, {{"www", "three"}}));
    CHECK(f.history(zone, 2) == "2>3");
}

TEST_CASE("a full transfer with a small difference goes on with history", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    Model model = big_model(5000);
    REQUIRE(f.replace(zone, 1, model));
    model["name77"] = "changed";
    model.erase("name78");
    model["new"] = "new";
    const auto done = f.replace(zone, 2, model);
    REQUIRE(done);
    CHECK(done->removed == 2);
    CHECK(done->added == 2);
    CHECK(f.read(zone) == model);
    CHECK(f.history(zone, 1) == "1>2");
}

TEST_CASE("a full transfer that changes more than the zone holds cuts history", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    REQUIRE(f.replace(zone, 1, big_model(5000)));
    REQUIRE(f.replace(zone, 2, big_model(5001)));
    CHECK(f.history(zone, 1) == "1>2");
    const Model other = big_model(9000, "quite another text that is longer ");
    const auto done = f.replace(zone, 3, other);
    REQUIRE(done);
    CHECK(done->removed == 5001);
    CHECK(done->added == 9000);
    CHECK(f.read(zone) == other);
    CHECK(f.history(zone, 1) == "none");
    CHECK(f.history(zone, 2) == "none");
    f.reopen();
    CHECK(f.store->opening().leftovers == 0);
    CHECK(f.read(zone) == other);
}

TEST_CASE("a zone larger than one transaction is written whole", "[store][R56]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    const Model model = big_model(60000, std::string(100, 't'));
    REQUIRE(f.replace(zone, 1, model));
    CHECK(f.read(zone) == model);
    CHECK(f.store->stats().used_bytes > 6'000'000);
    f.reopen();
    CHECK(f.store->opening().leftovers == 0);
    CHECK(f.read(zone) == model);
}

TEST_CASE("a snapshot stays as it was while commits go on", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    Model model = big_model(2000);
    REQUIRE(f.replace(zone, 1, model));
    const Model first = model;
    const auto held = f.snapshot(zone);
    for (std::uint32_t serial = 2; serial < 20; ++serial) {
        const Model before = model;
        model[fmt::format("name{}", serial)] = "changed";
        REQUIRE(f.apply(zone, {diff_of(zone, serial - 1, before, serial, model)}));
    }
    CHECK(held->version().serial() == dns::Serial{1});
    CHECK(StoreFixture::read(*held) == first);
    CHECK(held->history(dns::Serial{1})->value().empty());
    CHECK(f.read(zone) == model);
    CHECK(f.store->stats().snapshots == 1);
}

TEST_CASE("a snapshot outlives its store", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    REQUIRE(f.replace(zone, 1, {{"www", "one"}}));
    const auto held = f.snapshot(zone);
    f.close();
    CHECK(StoreFixture::read(*held) == Model{{"www", "one"}});
}

TEST_CASE("many zones share a commit, and one that fails hurts no other", "[store][R59]") {
    StoreFixture f;
    std::vector<std::optional<Errc>> results(1000);
    for (int i = 0; i < 1000; ++i) {
        const dns::Name zone = name(fmt::format("zone{}.test", i));
        zone::Commit work = f.frame(zone);
        work.change =
            zone::ReplaceWith{soa(zone, 1), stream_of(zone, {{"www", "x"}}, f.options.directory)};
        if (i % 100 == 50) {
            work.base = dns::Serial{77};
        }
        f.store->submit(std::move(work), [&results, i](const Result<zone::Committed>& done) {
            results[static_cast<std::size_t>(i)] = done ? Errc::internal : done.error().code();
        });
    }
    CHECK_FALSE(results[0].has_value());  // never from within submit()
    f.store->drain();
    f.reopen();
    CHECK(f.store->opening().zones == 990);
    for (std::size_t i = 0; i < 1000; ++i) {
        const bool fails = i % 100 == 50;
        REQUIRE(results[i].has_value());
        CHECK(*results[i] == (fails ? Errc::transfer_diverged : Errc::internal));
        CHECK((f.serial(name(fmt::format("zone{}.test", i))) == 1U) == !fails);
    }
}

TEST_CASE("a zone's commits stay in order behind a large one", "[store][R29]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    Model model = big_model(60000, std::string(100, 't'));
    zone::Commit large = f.frame(zone);
    large.change = zone::ReplaceWith{soa(zone, 1), stream_of(zone, model, f.options.directory)};
    const Model before = model;
    model["more"] = "more";
    zone::Commit small = f.frame(zone);
    small.base = dns::Serial{1};
    small.change = zone::ApplyDiffs{};
    std::get<zone::ApplyDiffs>(small.change).diffs.push_back(diff_of(zone, 1, before, 2, model));
    std::string order;
    f.store->submit(std::move(large), [&](const Result<zone::Committed>& done) {
        order += done ? "large " : done.error().detail();
    });
    f.store->submit(std::move(small), [&](const Result<zone::Committed>& done) {
        order += done ? "small" : done.error().detail();
    });
    f.store->drain();
    CHECK(order == "large small");
    CHECK(f.serial(zone) == 2U);
    CHECK(f.history(zone, 1) == "1>2");
}

TEST_CASE("a dropped zone is gone with all it had", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    REQUIRE(f.replace(zone, 1, big_model(3000)));
    zone::Commit work = f.frame(zone);
    work.change = zone::TouchTimers{};
    work.owe_notify = {"ns2"};
    const auto committed = f.commit(std::move(work));
    REQUIRE(committed);
    const auto dropped = f.drop(zone);
    REQUIRE(dropped);
    CHECK(dropped->changed);
    CHECK(f.store->find(zone) == nullptr);
    CHECK(f.store->owed_notifies().empty());
    CHECK_FALSE(f.drop(zone)->changed);
    f.reopen();
    CHECK(f.store->find(zone) == nullptr);
    CHECK(f.store->owed_notifies().empty());
    REQUIRE(f.replace(zone, 5, {{"www", "again"}}));
    CHECK(f.read(zone) == Model{{"www", "again"}});
    CHECK(f.history(zone, 1) == "none");
}

TEST_CASE("timers are kept for a zone that was never filled", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    zone::Commit work = f.frame(zone);
    work.change = zone::TouchTimers{};
    work.timers = zone::ZoneTimers{UnixTime{5}, UnixTime{9}};
    const auto done = f.commit(std::move(work));
    REQUIRE(done);
    CHECK_FALSE(done->version.has_value());
    f.reopen();
    REQUIRE(f.store->find(zone) != nullptr);
    CHECK_FALSE(f.store->find(zone)->version.has_value());
    CHECK(f.store->find(zone)->timers.expires == UnixTime{9});
    REQUIRE(f.replace(zone, 1, {{"www", "one"}}));
    CHECK(f.store->find(zone)->timers.expires == UnixTime{9});
}

TEST_CASE("that a zone was promoted is kept until it is taken back", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    REQUIRE(f.replace(zone, 1, {{"www", "one"}}));
    for (const UnixTime promoted : {UnixTime{7}, UnixTime{}}) {
        zone::Commit work = f.frame(zone);
        work.change = zone::TouchTimers{};
        work.timers = zone::ZoneTimers{UnixTime{5}, UnixTime{}, promoted};
        const Result<zone::Committed> touched = f.commit(std::move(work));
        REQUIRE(touched);
        f.reopen();
        REQUIRE(f.store->find(zone) != nullptr);
        CHECK(f.store->find(zone)->timers.promoted == promoted);
        CHECK(f.serial(zone) == 1U);
        CHECK(f.read(zone) == Model{{"www", "one"}});
    }
}

TEST_CASE("owed NOTIFYs survive a restart until they are forgotten", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    zone::Commit work = f.frame(zone);
    work.change =
        zone::ReplaceWith{soa(zone, 1), stream_of(zone, {{"www", "one"}}, f.options.directory)};
    work.owe_notify = {"ns2", "ns3"};
    const auto committed = f.commit(std::move(work));
    REQUIRE(committed);
    f.reopen();
    REQUIRE(f.store->owed_notifies().size() == 2);
    CHECK(f.store->owed_notifies()[0].zone == zone);
    CHECK(f.store->owed_notifies()[0].remote == "ns2");
    f.store->forget_owed(zone, "ns2");
    CHECK(f.store->owed_notifies().size() == 1);
    f.reopen();
    REQUIRE(f.store->owed_notifies().size() == 1);
    CHECK(f.store->owed_notifies()[0].remote == "ns3");
}

TEST_CASE("an answer to an older NOTIFY does not settle a newer one", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    for (const std::uint32_t serial : {1U, 2U}) {
        zone::Commit work = f.frame(zone);
        work.change = zone::ReplaceWith{soa(zone, serial),
                                        stream_of(zone, {{"www", "one"}}, f.options.directory)};
        work.owe_notify = {"ns2"};
        f.store->submit(std::move(work), {});
        if (serial == 2) {
            f.store->forget_owed(zone, "ns2");  // the answer for serial 1, while 2 is under way
        }
        f.store->drain();
    }
    f.reopen();
    CHECK(f.serial(zone) == 2U);
    CHECK(f.store->owed_notifies().size() == 1);
}

TEST_CASE("states handed out by find() stay apart", "[store]") {
    StoreFixture f;
    REQUIRE(f.replace(name("a.test"), 1, {}));
    REQUIRE(f.replace(name("b.test"), 2, {}));
    const zone::ZoneState* a = f.store->find(name("a.test"));
    const zone::ZoneState* b = f.store->find(name("B.test"));
    CHECK(a->version->serial() == dns::Serial{1});
    CHECK(b->version->serial() == dns::Serial{2});
    std::size_t visited = 0;
    f.store->visit_zones([&](const zone::ZoneState&) { ++visited; });
    CHECK(visited == 2);
}

}  // namespace twinzone::store::test
