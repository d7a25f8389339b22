// Hand-over by NOTIFY to a server that follows us, and what both ways have in common.
#include "secondary/hand_over.h"

#include <fmt/format.h>

#include "tests/support/catch.h"
#include "tests/unit/secondary/hand_over_bench.h"

namespace twinzone::secondary::test {
namespace {

using config::OutputMode;
using State = HandOver::View::State;
using Server = HandOverBench::Server;
using What = HandOverEvent::What;

class Loopback : public HandOverBench {
  public:
    Loopback() : HandOverBench(OutputMode::loopback) {}

    // With version 1 in step.
    void settle() {
        start();
        publish(1);
        pass(seconds{1});
        REQUIRE(view().state == State::in_step);
        REQUIRE(done() == "notify");
        take_events();
    }
};

}  // namespace

TEST_CASE("a version is in step when the server answers its serial", "[secondary][hand-over]") {
    Loopback bench;
    bench.start();
    CHECK_FALSE(bench.core.view(bench.zone.name));
    bench.publish(1);
    CHECK(bench.view().state == State::handing_over);
    CHECK_FALSE(bench.core.is_settled());
    bench.pass(milliseconds{100});
    CHECK(bench.view().state == State::in_step);
    CHECK(bench.serial_seen() == 1);
    CHECK(bench.core.is_settled());
    CHECK_FALSE(bench.view().lacks_since);
    const auto events = bench.take_events();
    REQUIRE(events.size() == 1);
    CHECK(events[0].what == What::taken);
    CHECK(events[0].to == dns::Serial{1});
}

TEST_CASE("a NOTIFY is repeated until the server has the version", "[secondary][hand-over]") {
    Loopback bench;
    bench.settle();
    bench.hears_notify = false;
    bench.publish(2);
    bench.pass(milliseconds{1900});
    CHECK(bench.done() == "notify");
    bench.hears_notify = true;
    bench.pass(seconds{3});
    CHECK(bench.done() == "notify");
    CHECK(bench.view().state == State::in_step);
}

TEST_CASE("a server that does not come to answer the serial has failed, and is tried on",
          "[secondary][hand-over]") {
    Loopback bench;
    bench.settle();
    bench.hears_notify = false;
    bench.publish(2);
    bench.pass(seconds{29});
    CHECK(bench.view().state == State::handing_over);
    CHECK(bench.view().lacks_since);
    bench.pass(seconds{2});
    CHECK(bench.view().state == State::failed);
    CHECK(bench.view().why ==
          "127.0.0.1@53 does not serve serial 2 after 30 s: it answers serial 1");
    CHECK(bench.serial_seen() == 1);
    CHECK(bench.core.is_settled());
    bench.hears_notify = true;
    bench.pass(seconds{10});
    CHECK(bench.view().state == State::in_step);
    CHECK(bench.view().why.empty());
}

TEST_CASE("a server that is silent, fails or complains is told in words",
          "[secondary][hand-over]") {
    Loopback bench;
    bench.settle();
    bench.publish(2);  // taken at once
    bench.pass(seconds{1});
    SECTION("silent") {
        bench.server = Server::silent;
        bench.publish(3);
        bench.pass(seconds{32});
        CHECK(bench.view().why ==
              "127.0.0.1@53 does not serve serial 3 after 31 s: no answer to the SOA query");
    }
    SECTION("fails") {
        bench.served.reset();
        bench.hears_notify = false;
        bench.publish(3);
        bench.pass(seconds{31});
        CHECK(bench.view().why ==
              "127.0.0.1@53 does not serve serial 3 after 30 s: SOA query answered with SERVFAIL");
    }
    SECTION("refuses to listen") {
        bench.notify_rcode = dns::Rcode::refused;
        bench.publish(3);
        bench.pass(seconds{31});
        CHECK(bench.view().why ==
              "127.0.0.1@53 does not serve serial 3 after 30 s: it answers "
              "serial 2; NOTIFY answered with REFUSED");
    }
    CHECK(bench.view().state == State::failed);
}

TEST_CASE("a newer version overtakes one that is on its way", "[secondary][hand-over]") {
    Loopback bench;
    bench.settle();
    bench.hears_notify = false;
    bench.publish(2);
    bench.pass(milliseconds{500});
    const auto since = bench.view().lacks_since;
    bench.hears_notify = true;
    bench.publish(3);
    CHECK(bench.view().lacks_since == since);
    bench.pass(seconds{1});
    CHECK(bench.view().state == State::in_step);
    CHECK(bench.serial_seen() == 3);
    const auto events = bench.take_events();
    REQUIRE(events.size() == 1);
    CHECK(events[0].from == dns::Serial{1});
    CHECK(events[0].to == dns::Serial{3});
}

TEST_CASE("lag is the age of the oldest version that the server lacks", "[secondary][hand-over]") {
    Loopback bench;
    bench.settle();
    bench.hears_notify = false;
    bench.publish(2);
    bench.pass(seconds{5});
    bench.publish(3);
    CHECK(bench.now.unix - *bench.view().lacks_since == seconds{5});
    bench.served = 2;
    bench.pass(seconds{5});
    CHECK(bench.now.unix - *bench.view().lacks_since == seconds{5});
    CHECK(bench.view().state == State::handing_over);
}

TEST_CASE("a server that falls behind later is noticed and told again", "[secondary][hand-over]") {
    Loopback bench;
    bench.settle();
    SECTION("it has lost the version") {
        bench.served = 0;
        bench.hears_notify = false;
        bench.pass(minutes{1} + seconds{1});
        CHECK(bench.view().state == State::behind);
        CHECK(bench.view().why == "127.0.0.1@53 answers serial 0 instead of 1");
    }
    SECTION("it is gone") {
        bench.server = Server::silent;
        bench.pass(minutes{1} + seconds{10});
        CHECK(bench.view().state == State::behind);
        CHECK(bench.view().why ==
              "127.0.0.1@53 does not answer serial 1: no answer to the SOA query");
        CHECK_FALSE(bench.serial_seen());
    }
    const auto events = bench.take_events();
    REQUIRE(events.size() == 1);
    CHECK(events[0].what == What::behind);
    CHECK(bench.view().lacks_since);
    bench.server = Server::up;
    bench.hears_notify = true;
    bench.pass(minutes{1});
    CHECK(bench.view().state == State::in_step);
    CHECK_FALSE(bench.view().lacks_since);
}

TEST_CASE("one lost answer is no alarm", "[secondary][hand-over]") {
    Loopback bench;
    bench.settle();
    bench.server = Server::silent;
    bench.pass(seconds{60});
    bench.server = Server::up;
    bench.pass(seconds{10});
    CHECK(bench.view().state == State::in_step);
    CHECK(bench.take_events().empty());
    CHECK(bench.done().empty());
}

TEST_CASE("at start the server is asked before anything is said", "[secondary][hand-over]") {
    Loopback bench;
    bench.store.put(4);
    SECTION("it has the version") {
        bench.served = 4;
        bench.start();
        CHECK(bench.view().state == State::in_step);
        CHECK(bench.done().empty());
        CHECK(bench.take_events().empty());
    }
    SECTION("it has another") {
        bench.served = 3;
        bench.hears_notify = false;
        bench.start();
        CHECK(bench.view().state == State::handing_over);
        CHECK(bench.done() == "notify");
        CHECK(bench.serial_seen() == 3);
    }
    SECTION("it does not answer") {
        bench.server = Server::silent;
        bench.start();
        CHECK(bench.view().state == State::handing_over);
        CHECK_FALSE(bench.core.is_settled());
    }
}

TEST_CASE("an operator's wish tries at once what failed, and looks at what did not",
          "[secondary][hand-over]") {
    Loopback bench;
    bench.settle();
    bench.served = 0;
    bench.refresh();
    CHECK(bench.done() == "notify");
    bench.pass(seconds{1});
    CHECK(bench.view().state == State::in_step);
    bench.server = Server::silent;
    bench.publish(2);
    bench.pass(minutes{30});
    REQUIRE(bench.view().state == State::failed);
    bench.server = Server::up;
    bench.done();
    bench.refresh();
    bench.pass(milliseconds{100});
    CHECK(bench.view().state == State::in_step);
}

TEST_CASE("many zones are asked for in line, and none is left out", "[secondary][hand-over]") {
    constexpr std::uint32_t kZones = 3000;
    Loopback bench;
    bench.store.put(4);
    bench.served = 4;
    for (std::uint32_t i = 0; i < kZones; ++i) {
        config::Zone zone = bench.zone;
        zone.name = twinzone::test::name(fmt::format("z{}.test.", i));
        bench.core.add_zone(bench.now, zone, {});
    }
    std::size_t asked = 0;
    while (bench.core.poll_action()) {
        ++asked;  // and nobody answers
    }
    CHECK(asked == 256);
    bench.pass(minutes{1});
    CHECK(bench.core.is_settled());
    for (std::uint32_t i = 0; i < kZones; ++i) {
        const auto view = bench.core.view(twinzone::test::name(fmt::format("z{}.test.", i)));
        REQUIRE((view && view->state == State::in_step));
    }
}

TEST_CASE("a zone that is removed is forgotten, also with work under way",
          "[secondary][hand-over]") {
    HandOverBench bench{OutputMode::file};
    bench.start();
    bench.write_time = seconds{5};
    bench.publish(1);
    CHECK_FALSE(bench.core.is_settled());
    bench.core.remove_zone(bench.zone.name);
    CHECK(bench.core.is_settled());
    bench.pass(seconds{10});
    CHECK_FALSE(bench.core.view(bench.zone.name));
    bench.write_time = Duration{0};
    bench.start();
    bench.pass(seconds{1});
    CHECK(bench.view().state == State::in_step);
}

}  // namespace twinzone::secondary::test
