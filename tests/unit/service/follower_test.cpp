// The follower's SOA checks, NOTIFYs, failover and timers.

#include <fmt/format.h>

#include "common/dns/extended_error.h"
#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

class Checking : public FollowerBench {
  public:
    explicit Checking(std::size_t primaries = 1) {
        zone.edit().primaries.clear();
        for (std::size_t i = 1; i <= primaries; ++i) {
            zone.edit().primaries.push_back(
                remote(fmt::format("ns{}", i), fmt::format("192.0.2.{}@53", i)));
        }
        hold(*version(1, {1}));
        follow();
        follower->refresh(now(), zone.name);
    }

    Ask next_soa(Transport transport = Transport::udp) {
        const std::optional<Ask> question = asked(seconds{3});
        REQUIRE(question);
        CHECK(type_of(*question) == dns::RrType::soa);
        CHECK(question->transport == transport);
        return *question;
    }
};

}  // namespace

TEST_CASE("a primary with our serial confirms the zone and nothing is transferred",
          "[service][follower]") {
    Checking bench;
    bench.reply(bench.next_soa(), {soa(1).record()});
    CHECK_FALSE(bench.asked());
    CHECK(bench.view().state == transfer::RefreshState::fresh);
    CHECK(bench.view().source == "192.0.2.1@53");
    CHECK(bench.take<RoundEnded>().size() == 1);
    CHECK(bench.follower->invariants_hold());
}

TEST_CASE("a newer serial leads to an IXFR", "[service][follower]") {
    Checking bench;
    bench.reply(bench.next_soa(), {soa(2).record()});
    const std::optional<Ask> question = bench.asked();
    REQUIRE(question);
    CHECK(FollowerBench::type_of(*question) == dns::RrType::ixfr);
}

TEST_CASE("a SOA query that is lost is repeated, the last time over TCP", "[service][follower]") {
    Checking bench;
    bench.next_soa();
    bench.next_soa();
    bench.next_soa(Transport::tcp);
}

TEST_CASE("a truncated SOA answer leads to TCP", "[service][follower]") {
    Checking bench;
    const Ask question = bench.next_soa();
    Bytes truncated = answer(question.message, {});
    truncated[2] |= 0x02;  // TC
    bench.reply(question, truncated);
    bench.next_soa(Transport::tcp);
}

TEST_CASE("a server that dislikes EDNS is asked without it from then on", "[service][follower]") {
    Checking bench;
    const Ask first = bench.next_soa();
    CHECK(dns::Message::parse(first.message)->edns);
    bench.reply(first, {}, dns::Rcode::form_err);
    const Ask second = bench.next_soa();
    CHECK_FALSE(dns::Message::parse(second.message)->edns);
    bench.reply(second, {soa(1).record()});
    bench.follower->refresh(bench.now(), bench.zone.name);
    CHECK_FALSE(dns::Message::parse(bench.next_soa().message)->edns);
}

TEST_CASE("what a primary says of its refusal is told", "[service][follower]") {
    Checking bench;
    const Ask question = bench.next_soa();
    dns::Message refusal = *dns::Message::parse(question.message);
    refusal.header.qr = true;
    refusal.header.rcode = dns::Rcode::refused;
    add_extended_error(*refusal.edns, dns::ExtendedErrorCode::prohibited, "go away");
    bench.reply(question, refusal.to_wire());
    CHECK_THAT(bench.view().last_error, Catch::Contains("REFUSED (Prohibited: go away)"));
    CHECK(bench.follower->last_fault(bench.zone.name) == Errc::rcode);
}

TEST_CASE("cookies go over UDP, and an answer with another's is passed over",
          "[service][follower]") {
    Checking bench;
    const Ask question = bench.next_soa();
    dns::Message reply = *dns::Message::parse(question.message);
    dns::Edns::Option& cookie = reply.edns->options.back();
    REQUIRE(cookie.code == dns::EdnsOption::cookie);
    const Bytes ours = cookie.value;
    reply.header.qr = true;
    reply.answer = {soa(1).record()};
    cookie.value = Bytes(24, 0xaa);
    bench.reply(question, reply.to_wire());
    CHECK(bench.take<RoundEnded>().empty());
    cookie.value = ours;
    cookie.value.resize(24, 0xbb);
    bench.reply(question, reply.to_wire());
    CHECK(bench.take<RoundEnded>().size() == 1);
    bench.follower->refresh(bench.now(), bench.zone.name);
    const dns::Message second = *dns::Message::parse(bench.next_soa().message);
    CHECK(second.edns->options.back().value == cookie.value);
    bench.next_soa();
    const dns::Message over_tcp = *dns::Message::parse(bench.next_soa(Transport::tcp).message);
    CHECK(over_tcp.edns->find(dns::EdnsOption::cookie) == nullptr);
}

TEST_CASE("a server that wants a cookie first is asked over TCP", "[service][follower]") {
    Checking bench;
    const Ask question = bench.next_soa();
    dns::Message reply = *dns::Message::parse(question.message);
    reply.header.qr = true;
    reply.header.rcode = static_cast<dns::Rcode>(7);  // BADCOOKIE is 23
    reply.edns->extended_rcode = 1;
    reply.edns->options.back().value.resize(24, 0xbb);
    bench.reply(question, reply.to_wire());
    bench.next_soa(Transport::tcp);
}

TEST_CASE("the next primary is asked where the first is of no use, and then there is a pause",
          "[service][follower]") {
    Checking bench{2};
    const Ask first = bench.next_soa();
    bench.reply(first, {}, dns::Rcode::refused);
    const Ask second = bench.next_soa();
    CHECK(second.to != first.to);
    bench.reply(second, {}, dns::Rcode::serv_fail);
    CHECK_FALSE(bench.asked(seconds{100}));
    CHECK_THAT(bench.view().last_error, Catch::Contains("SERVFAIL"));
    CHECK(bench.follower->next_timeout());
}

TEST_CASE("what a primary lacks that has our serial is found at the next one",
          "[service][follower]") {
    Checking bench{2};
    bench.reply(bench.next_soa(), {soa(1).record()});
    CHECK(bench.view().state == transfer::RefreshState::fresh);
    bench.reply(bench.next_soa(), {soa(2).record()});
    const std::optional<Ask> question = bench.asked();
    REQUIRE(question);
    CHECK(FollowerBench::type_of(*question) == dns::RrType::ixfr);
    CHECK(question->to.to_text() == "192.0.2.2@53");
    bench.reply(*question, full(*version(2, {1, 2})));
    bench.pass(seconds{1});
    CHECK(bench.serial() == 2);
    CHECK(bench.take<RoundEnded>().size() == 1);
}

TEST_CASE("a primary that lags or is away is no failure once another has confirmed the zone",
          "[service][follower]") {
    struct Row {
        const char* name;
        std::vector<dns::Record> answer;
        dns::Rcode rcode;
    };
    const Row rows[] = {
        {"behind ours", {soa(0).record()}, dns::Rcode::no_error},
        {"refuses", {}, dns::Rcode::refused},
    };
    for (const Row& row : rows) {
        for (const bool confirmed_first : {true, false}) {
            DYNAMIC_SECTION(row.name << (confirmed_first ? ", asked second" : ", asked first")) {
                Checking bench{2};
                const auto confirm = [&] { bench.reply(bench.next_soa(), {soa(1).record()}); };
                const auto disappoint = [&] {
                    bench.reply(bench.next_soa(), row.answer, row.rcode);
                };
                if (confirmed_first) {
                    confirm();
                    disappoint();
                } else {
                    disappoint();
                    confirm();
                }
                CHECK(bench.serial() == 1);
                CHECK(bench.view().last_error.empty());
                CHECK(bench.view().state == transfer::RefreshState::fresh);
                const std::vector<RoundEnded> ended = bench.take<RoundEnded>();
                REQUIRE(ended.size() == 1);
                CHECK_FALSE(ended[0].error);
                CHECK(bench.follower->invariants_hold());
            }
        }
    }
}

TEST_CASE("after the first load from a primary that lags the next one is asked",
          "[service][follower]") {
    FollowerBench bench;
    bench.zone.edit().primaries = {remote("ns1", "192.0.2.1@53"), remote("ns2", "192.0.2.2@53")};
    bench.follow();
    std::optional<Ask> question = bench.asked();
    REQUIRE(question);
    bench.reply(*question, full(*version(1, {1})));
    question = bench.asked(seconds{1});
    REQUIRE(question);
    CHECK(FollowerBench::type_of(*question) == dns::RrType::soa);
    CHECK(question->to.to_text() == "192.0.2.2@53");
    bench.reply(*question, {soa(2).record()});
    question = bench.asked();
    REQUIRE(question);
    bench.reply(*question, full(*version(2, {1, 2})));
    bench.pass(seconds{1});
    CHECK(bench.serial() == 2);
}

TEST_CASE("an answer with another ID is passed over", "[service][follower]") {
    Checking bench;
    const Ask question = bench.next_soa();
    Bytes forged = answer(question.message, {soa(9).record()});
    forged[0] ^= 1;
    bench.reply(question, forged);
    CHECK(bench.take<SoaChecked>().empty());
    bench.reply(question, {soa(1).record()});
    CHECK(bench.take<SoaChecked>().size() == 1);
}

TEST_CASE("NOTIFYs are answered by who sends them and for what", "[service][follower]") {
    Checking bench;
    FollowerBench strict;
    strict.zone.edit().allow_notify = {
        config::AccessRule{.addresses = {*IpPrefix::from_text("192.0.2.1")}, .key = key("k.")}};
    strict.follow();
    const transfer::Peer primary{.address = endpoint("192.0.2.1").address, .key = key("k.")};
    const transfer::Peer without_key{.address = endpoint("192.0.2.1").address, .key = nullptr};
    const transfer::Peer elsewhere{.address = endpoint("192.0.2.7").address, .key = key("k.")};
    const dns::Message notify = transfer::notify_message(soa(2), 1);
    dns::Message unknown = notify;
    unknown.question->name = name("other.test.");
    CHECK(strict.follower->handle_notify(strict.now(), notify, without_key,
                                         endpoint("192.0.2.1@9")) == dns::Rcode::refused);
    CHECK(strict.follower->handle_notify(strict.now(), notify, elsewhere,
                                         endpoint("192.0.2.7@9")) == dns::Rcode::refused);
    CHECK(strict.follower->handle_notify(strict.now(), unknown, primary, endpoint("192.0.2.1@9")) ==
          dns::Rcode::not_auth);
    CHECK(strict.follower->handle_notify(strict.now(), notify, primary, endpoint("192.0.2.1@9")) ==
          dns::Rcode::no_error);
    CHECK(strict.take<NotifyAccepted>().size() == 1);
}

TEST_CASE("the sender of a NOTIFY is asked first", "[service][follower]") {
    FollowerBench bench;
    bench.zone.edit().primaries = {remote("ns1", "192.0.2.1@53"), remote("ns2", "192.0.2.2@53")};
    bench.zone.edit().allow_notify = {config::AccessRule{.addresses = {}, .key = nullptr}};
    bench.hold(*version(1, {1}));
    bench.follow();
    static_cast<void>(bench.follower->handle_notify(
        bench.now(), transfer::notify_message(soa(2), 1),
        {.address = endpoint("192.0.2.2").address, .key = nullptr}, endpoint("192.0.2.2@9")));
    const std::optional<Ask> question = bench.asked();
    REQUIRE(question);
    CHECK(question->to.to_text() == "192.0.2.2@53");
}

TEST_CASE("a zone that is removed is asked for no more, whatever it was doing",
          "[service][follower]") {
    Checking bench;
    SECTION("a SOA check is under way") {
        const Ask question = bench.next_soa();
        bench.follower->remove_zone(bench.now(), bench.zone.name);
        bench.reply(question, {soa(2).record()});
    }
    SECTION("a transfer is coming in") {
        bench.reply(bench.next_soa(), {soa(2).record()});
        const std::optional<Ask> question = bench.asked();
        REQUIRE(question);
        bench.follower->remove_zone(bench.now(), bench.zone.name);
        bench.reply(*question, full(*version(2, {1, 2})));
    }
    SECTION("it waits") {
        bench.reply(bench.next_soa(), {soa(1).record()});
        bench.follower->remove_zone(bench.now(), bench.zone.name);
    }
    CHECK_FALSE(bench.asked(hours{3}));
    CHECK(bench.serial() == 1);
    CHECK_FALSE(bench.follower->view(bench.now(), bench.zone.name));
    CHECK_FALSE(bench.follower->expires_in(bench.now(), bench.zone.name));
    CHECK(bench.take<ZoneExpired>().empty());
    CHECK(bench.follower->invariants_hold());

    bench.follower->add_zone(bench.now(), bench.zone);
    bench.reply(bench.next_soa(), {soa(1).record()});
    CHECK(bench.view().state == transfer::RefreshState::fresh);
}

TEST_CASE("what is being committed of a zone that is removed is published all the same",
          "[service][follower]") {
    Checking bench;
    bench.reply(bench.next_soa(), {soa(2).record()});
    const std::optional<Ask> question = bench.asked();
    REQUIRE(question);
    bench.reply(*question, full(*version(2, {1, 2})));
    bench.follower->remove_zone(bench.now(), bench.zone.name);
    bench.follower->add_zone(bench.now(), bench.zone);
    bench.pass(seconds{1});
    CHECK(bench.serial() == 2);
    CHECK(bench.take<VersionPublished>().size() == 1);
    bench.reply(bench.next_soa(), {soa(2).record()});
    CHECK(bench.follower->invariants_hold());
}

TEST_CASE("expiry goes on over a restart", "[service][follower]") {
    FollowerBench bench;
    bench.hold(*version(1, {1}));
    bench.disk.zones["example.test."].timers.expires = bench.now().unix + seconds{100};
    bench.hold(*version(1, {1}));
    bench.disk.zones["example.test."].timers.expires = bench.now().unix + seconds{100};
    bench.store = std::make_shared<sim::ModelStore>(bench.world, bench.disk, bench.faults, [] {});
    bench.follow();
    CHECK(bench.follower->expires_in(bench.now(), bench.zone.name) == seconds{100});
}

TEST_CASE("the serials of RFC 1982 lead through a whole circle", "[service][follower]") {
    FollowerBench bench;
    bench.zone.edit().allow_notify = {config::AccessRule{.addresses = {}, .key = nullptr}};
    bench.hold(*version(0, {1}));
    bench.follow();
    for (const std::uint32_t serial : {1U, 0x80000000U, 0xffffffffU, 3U}) {
        bench.follower->refresh(bench.now(), bench.zone.name);
        std::optional<Ask> question = bench.asked(seconds{15});
        REQUIRE(question);
        bench.reply(*question, {soa(serial).record()});
        question = bench.asked();
        REQUIRE(question);
        bench.reply(*question, full(*version(serial, {1, 2})));
        bench.pass(seconds{1});
        CHECK(bench.serial() == serial);
    }
}

}  // namespace twinzone::service::test
