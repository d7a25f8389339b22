// Zones that come, go and change while the cores run.

#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

std::vector<std::string> told_by(Announcer& announcer, Now now) {
    std::vector<std::string> told;
    while (const std::optional<FollowerAction> action = announcer.poll_action(now)) {
        if (const Ask* question = std::get_if<Ask>(&*action)) {
            told.push_back(question->to.to_text());
        }
    }
    return told;
}

}  // namespace

TEST_CASE("new remotes are told, those that are gone are owed nothing", "[service][reload]") {
    StoreBench bench;
    bench.hold(*version(5, {1}));
    Announcer announcer{*bench.store, {}, 3};
    config::Zone zone;
    zone.name = name("example.test.");
    zone.edit().notify = {remote("ns2", "192.0.2.2@53")};
    announcer.add_zone(zone);
    bench.disk.owed.emplace("example.test.", "ns2");
    announcer.handle_published(bench.now(), zone.name, version(5, {1})->version);
    CHECK(told_by(announcer, bench.now()) == std::vector<std::string>{"192.0.2.2@53"});
    zone.edit().notify = {remote("ns3", "192.0.2.3@53")};
    announcer.put_zone(bench.now(), zone);
    CHECK(told_by(announcer, bench.now()) == std::vector<std::string>{"192.0.2.3@53"});
    CHECK(announcer.owed() == 1);
    CHECK(bench.disk.owed.empty());
    announcer.remove_zone(zone.name);
    CHECK(announcer.owed() == 0);
    announcer.put_zone(bench.now(), zone);  // again, in the place that was free
    announcer.handle_published(bench.now(), zone.name, version(5, {1})->version);
    CHECK(told_by(announcer, bench.now()) == std::vector<std::string>{"192.0.2.3@53"});
}

TEST_CASE("a remote that moves is told at its new address", "[service][reload]") {
    StoreBench bench;
    bench.hold(*version(5, {1}));
    Announcer announcer{*bench.store, {}, 3};
    config::Zone zone;
    zone.name = name("example.test.");
    zone.edit().notify = {remote("ns2", "192.0.2.2@53")};
    announcer.add_zone(zone);
    zone.edit().notify = {remote("ns2", "192.0.2.22@53")};
    announcer.put_zone(bench.now(), zone);
    CHECK(told_by(announcer, bench.now()).empty());
    announcer.handle_published(bench.now(), zone.name, version(5, {1})->version);
    CHECK(told_by(announcer, bench.now()) == std::vector<std::string>{"192.0.2.22@53"});
}

TEST_CASE("changed primaries are asked at once, a transfer that runs is not cut",
          "[service][reload]") {
    FollowerBench bench;
    bench.follow();
    const std::optional<Ask> running = bench.asked();
    REQUIRE(running);
    CHECK(FollowerBench::type_of(*running) == dns::RrType::axfr);
    bench.zone.edit().primaries = {remote("ns9", "192.0.2.9@53")};
    bench.follower->put_zone(bench.now(), bench.zone);
    CHECK(bench.follower->invariants_hold());
    bench.reply(*running, full(*version(5, {1, 2})));
    bench.pass(seconds{1});
    CHECK(bench.serial() == 5);
    const std::optional<Ask> next = bench.asked(seconds{5});
    REQUIRE(next);
    CHECK(next->to.to_text() == "192.0.2.9@53");
    CHECK(FollowerBench::type_of(*next) == dns::RrType::soa);
    CHECK(bench.follower->invariants_hold());
}

TEST_CASE("what does not change asks nobody", "[service][reload]") {
    FollowerBench bench;
    bench.hold(*version(5, {1}));
    bench.follow();
    const std::optional<Ask> first = bench.asked(seconds{5});
    REQUIRE(first);
    bench.reply(*first, {soa(5).record()});
    bench.follower->put_zone(bench.now(), bench.zone);
    bench.follower->set_limits(bench.limits);
    CHECK_FALSE(bench.asked(seconds{5}));
    CHECK(bench.follower->invariants_hold());
}

TEST_CASE("a shorter refresh takes effect without a transfer", "[service][reload]") {
    FollowerBench bench;
    bench.hold(*version(5, {1}));
    bench.follow();
    const std::optional<Ask> first = bench.asked(seconds{5});
    REQUIRE(first);
    bench.reply(*first, {soa(5).record()});
    bench.zone.edit().refresh = {seconds{1}, seconds{30}};
    const std::optional<seconds> expires = bench.view().expires_in;
    bench.follower->put_zone(bench.now(), bench.zone);
    CHECK(bench.view().next_check_in <= seconds{30});
    CHECK(bench.view().expires_in == expires);
}

TEST_CASE("a zone may come and go and come", "[service][reload]") {
    FollowerBench bench;
    bench.follow();
    REQUIRE(bench.asked());
    bench.follower->remove_zone(bench.now(), bench.zone.name);
    CHECK_FALSE(bench.asked(hours{1}));
    bench.follower->put_zone(bench.now(), bench.zone);
    const std::optional<Ask> again = bench.asked(seconds{5});
    REQUIRE(again);
    bench.reply(*again, full(*version(5, {1})));
    bench.pass(seconds{1});
    CHECK(bench.serial() == 5);
    CHECK(bench.follower->invariants_hold());
}

}  // namespace twinzone::service::test
