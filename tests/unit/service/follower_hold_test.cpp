// What the follower does about versions that are held, rejected, or come while the zone is frozen.

#include <numeric>

#include "common/service/hold_text.h"
#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

std::vector<std::uint8_t> hosts(std::size_t count) {
    std::vector<std::uint8_t> all(count);
    std::iota(all.begin(), all.end(), std::uint8_t{1});
    return all;
}

// Holds serial 1 with 20 hosts, under a guard of 50%.
class Guarded : public FollowerBench {
  public:
    Guarded() {
        zone.edit().guard = config::Guard{};
        zone.edit().allow_notify = {config::AccessRule{.addresses = {}, .key = nullptr}};
        hold(*version(1, hosts(20)));
        follow();
    }

    // The next question, in the course of retries where none is due; of this type.
    Ask next(dns::RrType type) {
        const std::optional<Ask> question = asked(hours{1});
        REQUIRE(question);
        CHECK(type_of(*question) == type);
        return *question;
    }

    // A check finds `serial` at the primary.
    void find(std::uint32_t serial) { reply(next(dns::RrType::soa), {soa(serial).record()}); }

    void transfer(const sim::StoredVersion& offered) {
        find(offered.version.serial().value());
        reply(next(dns::RrType::ixfr), full(offered));
        pass(seconds{1});
    }

    template <class Change>
    void decide(Change change) {
        zone::Commit commit;
        commit.zone = zone.name;
        commit.base = dns::Serial{*serial()};
        commit.change = change;
        commit.now = now().unix;
        store->submit(std::move(commit), [](const Result<zone::Committed>& done) { CHECK(done); });
        pass(seconds{1});
    }

    // A check that finds `serial` leads to no transfer but to the next check.
    void check_takes_nothing(std::uint32_t offered) {
        find(offered);
        next(dns::RrType::soa);
    }
};

}  // namespace

TEST_CASE("a held version is told of, not published, and not fetched again", "[service][guard]") {
    Guarded bench;
    bench.transfer(*version(2, hosts(5)));
    CHECK(bench.serial() == 1);
    const std::vector<VersionHeld> held = bench.take<VersionHeld>();
    REQUIRE(held.size() == 1);
    CHECK(held.front().held.lost == 15);
    CHECK(bench.take<VersionPublished>().empty());
    const std::vector<RoundEnded> rounds = bench.take<RoundEnded>();
    REQUIRE(rounds.size() == 1);
    REQUIRE(rounds.front().error);
    CHECK(rounds.front().error->code() == Errc::zone_held);
    bench.check_takes_nothing(2);
    CHECK(bench.follower->invariants_hold());
}

TEST_CASE("a NOTIFY of a held version leads to a check and no transfer", "[service][guard]") {
    Guarded bench;
    bench.transfer(*version(2, hosts(5)));
    dns::Message message = transfer::notify_message(soa(2), 1);
    CHECK(bench.follower->handle_notify(bench.now(), message,
                                        {.address = endpoint("192.0.2.1").address, .key = nullptr},
                                        endpoint("192.0.2.1@999")) == dns::Rcode::no_error);
    const std::optional<Ask> question = bench.asked(seconds{5});
    REQUIRE(question);
    CHECK(FollowerBench::type_of(*question) == dns::RrType::soa);
}

TEST_CASE("expiry is not put off by a held version", "[service][guard]") {
    Guarded bench;
    const std::optional<seconds> before = bench.view().expires_in;
    bench.transfer(*version(2, hosts(5)));
    bench.find(2);
    REQUIRE(bench.view().expires_in);
    CHECK(*bench.view().expires_in < *before);
}

TEST_CASE("a newer version is fetched and judged anew", "[service][guard]") {
    Guarded bench;
    bench.transfer(*version(2, hosts(5)));
    bench.transfer(*version(3, hosts(19)));
    CHECK(bench.serial() == 3);
    CHECK(bench.store->hold(bench.zone.name) == nullptr);
    CHECK(bench.view().last_error.empty());
}

TEST_CASE("the primary that takes a held version back ends the hold", "[service][guard]") {
    Guarded bench;
    bench.transfer(*version(2, hosts(5)));
    bench.find(1);
    bench.pass(seconds{1});
    CHECK(bench.store->hold(bench.zone.name) == nullptr);
}

TEST_CASE("a rejected version is not fetched, a newer one is", "[service][guard]") {
    Guarded bench;
    bench.transfer(*version(2, hosts(5)));
    bench.decide(zone::DropHeld{.serial = dns::Serial{2}, .reject = true});
    bench.check_takes_nothing(2);
    CHECK(bench.view().last_error.find("rejected") != std::string::npos);
    bench.transfer(*version(3, hosts(19)));
    CHECK(bench.serial() == 3);
}

TEST_CASE("an approved version is what the follower goes on from", "[service][guard]") {
    Guarded bench;
    bench.transfer(*version(2, hosts(5)));
    bench.decide(zone::PublishHeld{.serial = dns::Serial{2}});
    bench.follower->handle_approved(bench.now(), bench.zone.name,
                                    bench.store->served(bench.zone.name)->version);
    bench.find(2);
    CHECK(bench.view().last_error.empty());
    CHECK(bench.view().state == transfer::RefreshState::fresh);
}

TEST_CASE("a frozen zone is checked but not transferred", "[service][guard]") {
    Guarded bench;
    bench.decide(zone::SetFrozen{.frozen = true});
    bench.check_takes_nothing(2);
    CHECK(bench.view().last_error == "serial 2 of the primary waits");
    bench.decide(zone::SetFrozen{.frozen = false});
    bench.follower->refresh(bench.now(), bench.zone.name);
    bench.transfer(*version(2, hosts(20)));
    CHECK(bench.serial() == 2);
}

TEST_CASE("a transfer that ends in a freeze is not committed", "[service][guard]") {
    Guarded bench;
    bench.find(2);
    const Ask question = bench.next(dns::RrType::ixfr);
    bench.decide(zone::SetFrozen{.frozen = true});
    bench.reply(question, full(*version(2, hosts(20))));
    bench.pass(seconds{1});
    CHECK(bench.serial() == 1);
    CHECK(bench.follower->invariants_hold());
}

TEST_CASE("why a version waits is told in words", "[service][guard]") {
    zone::HeldVersion held;
    held.version.soa = soa(9);
    held.reason = zone::HoldReason::deletions;
    held.lost = 60;
    CHECK(held_text(held, 100) == "serial 9 is held: it takes away 60 of 100 records");
    CHECK(held_text(held, 0) == "serial 9 is held: it takes away 60 records");
    held.reason = zone::HoldReason::apex_ns;
    CHECK(held_text(held, 100) == "serial 9 is held: it has no NS record at the apex");
}

}  // namespace twinzone::service::test
