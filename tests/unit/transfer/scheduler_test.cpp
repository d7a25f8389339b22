#include "common/transfer/scheduler.h"

#include <algorithm>

#include "common/base/random.h"
#include "tests/support/catch.h"

namespace twinzone::transfer {

namespace {

Instant at(std::int64_t ms) {
    return Instant{milliseconds{ms}};
}

// Remotes 0 and 1; zones follow 0 unless said otherwise.
struct Fixture {
    explicit Fixture(const SchedulerLimits& limits = {}) : scheduler(limits) {}

    void add(std::uint32_t zone, std::vector<std::uint32_t> primaries = {0}) {
        scheduler.set_zone(at(0), zone, primaries);
    }
    std::vector<Job> poll(Instant now) {
        std::vector<Job> jobs;
        while (const std::optional<Job> job = scheduler.poll(now)) {
            jobs.push_back(*job);
        }
        return jobs;
    }
    Job poll_one(Instant now) {
        const std::vector<Job> jobs = poll(now);
        REQUIRE(jobs.size() == 1);
        REQUIRE(scheduler.invariants_hold());
        return jobs[0];
    }
    Round finish(Instant now, std::uint32_t zone, JobOutcome outcome) {
        const Round round = scheduler.finished(now, zone, outcome);
        REQUIRE(scheduler.invariants_hold());
        return round;
    }
    // Three failures in a row at remote 0 by zones 1000 to 1002.
    void kill_remote(Instant now) {
        for (std::uint32_t zone = 1000; zone < 1003; ++zone) {
            add(zone);
            scheduler.request(now, zone, Lane::by_operator);
            const Job job = poll_one(now);
            finish(now, job.zone, JobOutcome::unreachable);
        }
        REQUIRE(scheduler.health(0).dead());
    }

    Scheduler scheduler;
};

JobOutcome any_outcome(Random& random, const Job& job, bool up) {
    if (!up) {
        return JobOutcome::unreachable;
    }
    if (random.below(3) != 0) {
        return JobOutcome::success;
    }
    return job.work == Work::check ? JobOutcome::needs_transfer : JobOutcome::failed;
}

}  // namespace

TEST_CASE("an armed zone starts at its time, and an added one at the latest", "[transfer]") {
    Fixture z;
    z.add(1);
    CHECK(z.scheduler.next_timeout() == at(60'000));
    z.scheduler.arm(1, at(500), Lane::refresh);
    CHECK(z.scheduler.next_timeout() == at(500));
    CHECK(z.poll(at(499)).empty());
    const Job job = z.poll_one(at(500));
    CHECK(job.zone == 1);
    CHECK(job.remote == 0);
    CHECK(job.work == Work::check);
    CHECK(job.lane == Lane::refresh);
    CHECK(z.scheduler.is_running(1));
    CHECK(z.finish(at(600), 1, JobOutcome::success) == Round::over);
    CHECK(z.scheduler.next_timeout() == at(60'600));  // not lost even if nobody arms it
    z.scheduler.remove_zone(1);
    CHECK_FALSE(z.scheduler.next_timeout());
    CHECK(z.scheduler.invariants_hold());
}

TEST_CASE("a check that finds a newer serial goes on as a transfer", "[transfer]") {
    Fixture z;
    z.add(1);
    z.scheduler.request(at(0), 1, Lane::notify);
    CHECK(z.poll_one(at(0)).work == Work::check);
    CHECK(z.finish(at(1), 1, JobOutcome::needs_transfer) == Round::goes_on);
    const Job job = z.poll_one(at(1));
    CHECK(job.work == Work::transfer);
    CHECK(job.lane == Lane::notify);
    CHECK(z.finish(at(2), 1, JobOutcome::success) == Round::over);
}

TEST_CASE("a transfer that no check went before tells of a dead primary", "[transfer]") {
    Fixture z;
    const auto transfer = [&](Instant now, JobOutcome outcome) {
        const Job job = z.poll_one(now);
        CHECK(job.work == Work::check);
        CHECK(z.finish(now, job.zone, JobOutcome::needs_no_check) == Round::goes_on);
        CHECK(z.poll_one(now).work == Work::transfer);
        CHECK(z.finish(now, job.zone, outcome) == Round::over);
    };
    for (std::uint32_t zone = 1; zone <= 3; ++zone) {
        z.add(zone);
        z.scheduler.request(at(0), zone, Lane::first_load);
        transfer(at(0), JobOutcome::unreachable);
    }
    REQUIRE(z.scheduler.health(0).dead());
    z.add(4);
    z.scheduler.request(at(0), 4, Lane::first_load);
    CHECK(z.scheduler.waits_for_dead_alone());
    z.add(5, {0, 1});
    z.scheduler.request(at(0), 5, Lane::first_load);
    CHECK_FALSE(z.scheduler.waits_for_dead_alone());
    z.scheduler.remove_zone(5);
    CHECK(z.poll(at(1999)).empty());
    transfer(at(2000), JobOutcome::success);
    CHECK_FALSE(z.scheduler.health(0).dead());
}

TEST_CASE("a primary whose content is being committed is alive", "[transfer]") {
    Fixture z;
    z.kill_remote(at(0));
    z.add(1);
    z.add(2);
    z.scheduler.request(at(0), 1, Lane::notify, 0, Work::transfer);
    z.scheduler.request(at(0), 2, Lane::notify);
    CHECK(z.poll_one(at(2000)).zone == 1);
    z.scheduler.leave_place(1);
    CHECK(z.poll_one(at(2000)).zone == 2);
}

TEST_CASE("a round asks every primary once, then waits", "[transfer][R37]") {
    Fixture z;
    z.add(1, {0, 1, 2});
    z.scheduler.request(at(0), 1, Lane::notify, 1);  // the sender first
    CHECK(z.poll_one(at(0)).remote == 1);
    CHECK(z.finish(at(0), 1, JobOutcome::needs_transfer) == Round::goes_on);
    CHECK(z.poll_one(at(0)).work == Work::transfer);
    CHECK(z.finish(at(0), 1, JobOutcome::failed) == Round::goes_on);
    const Job second = z.poll_one(at(0));
    CHECK(second.remote == 0);
    CHECK(second.work == Work::check);
    CHECK(z.finish(at(0), 1, JobOutcome::unreachable) == Round::goes_on);
    CHECK(z.poll_one(at(0)).remote == 2);
    CHECK(z.finish(at(0), 1, JobOutcome::failed) == Round::over);
    CHECK(z.poll(at(59'999)).empty());
    CHECK(z.poll_one(at(60'000)).remote == 0);
}

TEST_CASE("a primary that has nothing newer does not keep the next from being asked",
          "[transfer]") {
    Fixture z;
    z.add(1, {0, 1});
    z.scheduler.request(at(0), 1, Lane::refresh);
    CHECK(z.poll_one(at(0)).remote == 0);
    CHECK(z.finish(at(0), 1, JobOutcome::current) == Round::goes_on);
    const Job second = z.poll_one(at(0));
    CHECK(second.remote == 1);
    CHECK(second.work == Work::check);
    CHECK(z.finish(at(0), 1, JobOutcome::current) == Round::over);
}

TEST_CASE("a notified zone never waits behind 100,000 polls", "[transfer]") {
    Fixture z;
    constexpr std::uint32_t zones = 100'000;
    for (std::uint32_t zone = 0; zone <= zones; ++zone) {
        z.add(zone);
        z.scheduler.arm(zone, at(0), zone % 2 == 0 ? Lane::refresh : Lane::retry);
    }
    // All due zones are taken in and every place and token that routine work may have is used.
    for (int calls = 0; calls < 500; ++calls) {
        z.poll(at(0));
    }
    CHECK(z.scheduler.ready() > 99'000);
    z.scheduler.request(at(0), zones, Lane::notify);
    std::vector<Job> jobs = z.poll(at(0));
    if (jobs.empty()) {  // the next token is its
        jobs = z.poll(*z.scheduler.next_timeout());
    }
    REQUIRE_FALSE(jobs.empty());
    CHECK(jobs[0].zone == zones);
    CHECK(jobs[0].lane == Lane::notify);
    CHECK(z.scheduler.invariants_hold());
}

TEST_CASE("lanes go by urgency, zones of a lane in order, remotes in turn", "[transfer]") {
    SchedulerLimits limits;
    limits.checks = 1;
    Fixture z{limits};
    const Lane lanes[] = {Lane::refresh, Lane::retry, Lane::first_load, Lane::notify,
                          Lane::by_operator};
    std::uint32_t zone = 0;
    for (const Lane lane : lanes) {
        for (int i = 0; i < 4; ++i) {
            z.add(zone, {i < 3 ? 0U : 1U});
            z.scheduler.request(at(0), zone, lane);
            ++zone;
        }
    }
    std::vector<std::uint32_t> order;
    for (std::int64_t ms = 0; ms < std::int64_t{10} * zone; ms += 10) {
        const Job job = z.poll_one(at(ms));
        order.push_back(job.zone);
        z.finish(at(ms), job.zone, JobOutcome::success);
    }
    CHECK(order == std::vector<std::uint32_t>{16, 19, 17, 18, 12, 15, 13, 14, 8, 11,
                                              9,  10, 4,  7,  5,  6,  0,  3,  1, 2});
}

TEST_CASE("places are limited in all and per remote, and some are for urgent lanes", "[transfer]") {
    SchedulerLimits limits;
    limits.transfers = 8;
    limits.transfers_per_remote = 4;
    Fixture z{limits};
    for (std::uint32_t zone = 0; zone < 40; ++zone) {
        z.add(zone, {zone % 4});
        z.scheduler.request(at(0), zone, Lane::first_load, std::nullopt, Work::transfer);
    }
    CHECK(z.poll(at(0)).size() == 6);  // a quarter of 8 is kept
    z.add(50, {0});
    z.scheduler.request(at(0), 50, Lane::notify, std::nullopt, Work::transfer);
    CHECK(z.poll_one(at(0)).zone == 50);
    z.add(51, {1});
    z.scheduler.request(at(0), 51, Lane::refresh);  // a check has places of its own
    CHECK(z.poll_one(at(0)).zone == 51);

    limits.transfers = 64;
    Fixture one{limits};
    for (std::uint32_t zone = 0; zone < 40; ++zone) {
        one.add(zone);
        one.scheduler.request(at(0), zone, Lane::first_load, std::nullopt, Work::transfer);
    }
    CHECK(one.poll(at(0)).size() == 3);
    one.scheduler.request(at(0), 39, Lane::by_operator, std::nullopt, Work::transfer);
    CHECK(one.poll_one(at(0)).zone == 39);
    one.finish(at(1), 39, JobOutcome::success);
    CHECK(one.poll(at(1)).empty());
    one.finish(at(1), 0, JobOutcome::success);
    CHECK(one.poll(at(1)).size() == 1);
}

TEST_CASE("SOA queries to one remote keep to their rate", "[transfer]") {
    SchedulerLimits limits;
    limits.soa_per_second = 100;
    Fixture z{limits};
    for (std::uint32_t zone = 0; zone < 200; ++zone) {
        z.add(zone);
        z.scheduler.request(at(0), zone, Lane::refresh);
    }
    std::size_t started = 0;
    for (std::int64_t ms = 0; ms <= 1000; ++ms) {
        for (const Job& job : z.poll(at(ms))) {
            ++started;
            static_cast<void>(z.scheduler.finished(at(ms), job.zone, JobOutcome::success));
        }
    }
    CHECK(started == 110);  // a tenth at once, then the rate
    CHECK(z.scheduler.invariants_hold());
}

TEST_CASE("a dead primary costs one probe per interval, not one per zone", "[transfer]") {
    Fixture z;
    for (std::uint32_t zone = 0; zone < 500; ++zone) {
        z.add(zone);
    }
    z.kill_remote(at(0));
    for (std::uint32_t zone = 0; zone < 500; ++zone) {
        z.scheduler.request(at(0), zone, Lane::refresh);
    }
    std::size_t probes = 0;
    Instant now = at(0);
    while (now < at(120'000)) {
        for (const Job& job : z.poll(now)) {
            ++probes;
            REQUIRE(z.poll(now).empty());  // one at a time
            z.finish(now, job.zone, JobOutcome::unreachable);
        }
        REQUIRE(z.poll(now).empty());
        now = std::max(now + milliseconds{1}, *z.scheduler.next_timeout());
    }
    CHECK(probes == 5);  // after 2, 6, 14, 30 and 62 s
    CHECK(z.scheduler.ready() >= 490);

    // The first answer lets all of them go on at once.
    std::vector<Job> jobs;
    while (jobs.empty()) {
        now = *z.scheduler.next_timeout();
        jobs = z.poll(now);
    }
    REQUIRE(jobs.size() == 1);
    z.finish(now, jobs[0].zone, JobOutcome::success);
    CHECK(z.poll(now).size() > 90);
}

TEST_CASE("zones leave a dead primary for a live one", "[transfer]") {
    Fixture z;
    for (std::uint32_t zone = 0; zone < 10; ++zone) {
        z.add(zone, {0, 1});
    }
    z.kill_remote(at(0));
    z.scheduler.request(at(0), 0, Lane::refresh);
    CHECK(z.poll_one(at(0)).remote == 1);

    // Zones that were ready when it died.
    SchedulerLimits limits;
    limits.checks_per_remote = 4;
    Fixture late{limits};
    for (std::uint32_t zone = 0; zone < 20; ++zone) {
        late.add(zone, {0, 1});
        late.scheduler.request(at(0), zone, Lane::refresh);
    }
    const std::vector<Job> first = late.poll(at(0));
    REQUIRE(first.size() == 3);
    for (const Job& job : first) {
        CHECK(job.remote == 0);
        CHECK(late.finish(at(1), job.zone, JobOutcome::unreachable) == Round::goes_on);
    }
    // Also those that were not asked yet go on at the other, without waiting for a probe.
    std::size_t asked = 0;
    for (std::vector<Job> jobs = late.poll(at(1)); !jobs.empty(); jobs = late.poll(at(1))) {
        for (const Job& job : jobs) {
            CHECK(job.remote == 1);
            ++asked;
            late.finish(at(1), job.zone, JobOutcome::success);
        }
    }
    CHECK(asked == 20);
}

TEST_CASE("when all primaries are dead each of them is probed", "[transfer]") {
    Fixture z;
    z.add(1, {0, 1});
    bool probed[2] = {false, false};
    Instant now = at(0);
    for (int round = 0; round < 40; ++round) {
        z.scheduler.request(now, 1, Lane::retry);
        for (;;) {
            const std::vector<Job> jobs = z.poll(now);
            if (jobs.empty()) {
                break;
            }
            if (z.scheduler.health(0).dead() && z.scheduler.health(1).dead()) {
                probed[jobs[0].remote] = true;
            }
            z.finish(now, 1, JobOutcome::unreachable);
        }
        now = now + seconds{5};
    }
    CHECK(probed[0]);
    CHECK(probed[1]);
}

TEST_CASE("a NOTIFY during a job sets check again", "[transfer][R35]") {
    Fixture z;
    z.add(1);
    z.scheduler.request(at(0), 1, Lane::refresh);
    z.poll_one(at(0));
    z.scheduler.request(at(1), 1, Lane::notify);
    z.scheduler.request(at(1), 1, Lane::notify);
    CHECK(z.poll(at(1)).empty());  // one job a zone
    CHECK(z.finish(at(2), 1, JobOutcome::needs_transfer) == Round::goes_on);
    CHECK(z.poll_one(at(2)).work == Work::transfer);
    CHECK(z.finish(at(3), 1, JobOutcome::success) == Round::over);
    z.scheduler.arm(1, at(90'000), Lane::refresh);  // has no effect: another round has begun
    const Job again = z.poll_one(at(3));
    CHECK(again.lane == Lane::notify);
    CHECK(again.work == Work::check);
    z.finish(at(4), 1, JobOutcome::success);
    CHECK(z.poll(at(4)).empty());  // twice notified, once checked again
}

TEST_CASE("a ready zone moves up a lane, and repeating a request does not move it", "[transfer]") {
    SchedulerLimits limits;
    limits.checks = 1;
    Fixture z{limits};
    for (std::uint32_t zone = 0; zone < 4; ++zone) {
        z.add(zone);
        z.scheduler.request(at(0), zone, Lane::refresh);
    }
    CHECK(z.poll_one(at(0)).zone == 0);
    z.scheduler.request(at(0), 3, Lane::notify);
    z.scheduler.request(at(0), 2, Lane::notify);
    z.scheduler.request(at(0), 3, Lane::notify);
    z.scheduler.request(at(0), 3, Lane::refresh);
    std::vector<std::uint32_t> order;
    std::uint32_t running = 0;
    for (const std::int64_t ms : {10, 20, 30}) {
        z.finish(at(ms), running, JobOutcome::success);
        running = z.poll_one(at(ms)).zone;
        order.push_back(running);
    }
    CHECK(order == std::vector<std::uint32_t>{3, 2, 1});
}

TEST_CASE("primaries may change at any time", "[transfer]") {
    Fixture z;
    z.add(1, {0});
    z.scheduler.request(at(0), 1, Lane::refresh);
    z.add(1, {1});  // ready
    CHECK(z.poll_one(at(0)).remote == 1);
    z.add(1, {2, 1});  // running at 1
    CHECK(z.finish(at(0), 1, JobOutcome::failed) == Round::goes_on);
    CHECK(z.poll_one(at(0)).remote == 2);
    z.add(1, {3});  // running at 2, which is none of them any more
    CHECK(z.finish(at(0), 1, JobOutcome::failed) == Round::goes_on);
    CHECK(z.poll_one(at(0)).remote == 3);
    CHECK(z.finish(at(0), 1, JobOutcome::abandoned) == Round::over);
    z.scheduler.request(at(0), 99, Lane::notify);  // unknown: nothing happens
    CHECK(z.poll(at(0)).empty());
}

TEST_CASE("whatever happens, every zone is waiting, ready or running", "[transfer][R30]") {
    Random random{7};
    SchedulerLimits limits;
    limits.checks = 8;
    limits.checks_per_remote = 4;
    limits.transfers = 4;
    limits.transfers_per_remote = 2;
    limits.soa_per_second = 50;
    Fixture z{limits};
    constexpr std::uint32_t zones = 60;
    const std::vector<std::vector<std::uint32_t>> lists = {{0}, {1}, {0, 1}, {1, 2, 0}, {2, 1}};
    for (std::uint32_t zone = 0; zone < zones; ++zone) {
        z.add(zone, lists[random.below(lists.size())]);
    }
    std::vector<Job> running;
    Instant now = at(0);
    bool up[3] = {true, true, true};
    for (int step = 0; step < 20'000; ++step) {
        now = now + milliseconds{static_cast<std::int64_t>(random.below(200))};
        const auto zone = static_cast<std::uint32_t>(random.below(zones));
        switch (random.below(8)) {
            case 0: z.scheduler.arm(zone, now + seconds{random.below(100)}, Lane::refresh); break;
            case 1:
                z.scheduler.request(now, zone, static_cast<Lane>(random.below(kLanes)),
                                    static_cast<std::uint32_t>(random.below(4)),
                                    random.below(5) == 0 ? Work::transfer : Work::check);
                break;
            case 2: z.add(zone, lists[random.below(lists.size())]); break;
            case 3: up[random.below(3)] = random.below(2) == 0; break;
            default: break;
        }
        for (const Job& job : z.poll(now)) {
            running.push_back(job);
        }
        if (!running.empty() && random.below(2) == 0) {
            const std::size_t which = random.below(running.size());
            const Job job = running[which];
            running.erase(running.begin() + static_cast<std::ptrdiff_t>(which));
            static_cast<void>(
                z.scheduler.finished(now, job.zone, any_outcome(random, job, up[job.remote])));
        }
        REQUIRE(z.scheduler.invariants_hold());
    }
    // All remotes up and every job ended: each zone gets its turn.
    std::vector<bool> asked(zones, false);
    for (int step = 0; step < 3000; ++step) {
        for (const Job& job : running) {
            asked[job.zone] = true;
            static_cast<void>(z.scheduler.finished(now, job.zone, JobOutcome::success));
        }
        now = now + milliseconds{100};
        running = z.poll(now);
    }
    CHECK(std::count(asked.begin(), asked.end(), false) == 0);
}

TEST_CASE("a transfer that is only committed leaves its place to the next", "[transfer]") {
    SchedulerLimits limits;
    limits.transfers_per_remote = 1;
    Fixture a{limits};
    for (std::uint32_t zone = 0; zone < 3; ++zone) {
        a.add(zone);
        a.scheduler.request(at(0), zone, Lane::by_operator, std::nullopt, Work::transfer);
    }
    const Job first = a.poll_one(at(0));
    a.scheduler.leave_place(first.zone);
    CHECK(a.scheduler.is_running(first.zone));
    const Job second = a.poll_one(at(0));
    CHECK(second.zone != first.zone);
    a.scheduler.leave_place(first.zone);  // no place is left twice
    CHECK(a.poll(at(0)).empty());
    CHECK(a.finish(at(1), first.zone, JobOutcome::success) == Round::over);
    CHECK(a.poll(at(1)).empty());
    CHECK(a.finish(at(2), second.zone, JobOutcome::success) == Round::over);
    CHECK(a.poll_one(at(2)).zone == 2);
}

}  // namespace twinzone::transfer
