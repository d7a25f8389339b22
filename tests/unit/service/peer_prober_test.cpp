#include "common/service/peer_prober.h"

#include <fmt/format.h>

#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

const dns::Name kZone = *dns::Name::from_text("example.test.");

class ProberBench {
  public:
    explicit ProberBench(ProberLimits limits = {}, dns::TsigKeyPtr with_key = nullptr)
        : prober(limits, 7) {
        zone.name = kZone;
        zone.edit().notify = {remote("ns2", "192.0.2.2@53", std::move(with_key))};
        prober.add_zone(zone);
    }

    // The next question within this time.
    std::optional<Ask> asked(Duration within = Duration{0}) {
        const Instant until = now.instant + within;
        while (true) {
            while (const std::optional<FollowerAction> action = prober.poll_action(now)) {
                if (const Ask* question = std::get_if<Ask>(&*action)) {
                    return *question;
                }
            }
            if (now.instant >= until) {
                return std::nullopt;
            }
            pass(milliseconds{50});
        }
    }

    void reply(const Ask& question, std::optional<std::uint32_t> serial,
               dns::Rcode rcode = dns::Rcode::no_error) {
        Bytes message = answer(question.message, {}, rcode);
        if (serial) {
            message = answer(question.message, {soa(*serial).record()}, rcode);
        }
        prober.handle_message(now, question.attempt, message);
    }

    void pass(Duration time) {
        now.instant = now.instant + time;
        elapsed += time;
        now.unix = UnixTime{1'772'366'400 + elapsed / seconds{1}};
    }

    void want(Duration in = Duration{0}) { prober.want(now, kZone, "ns2", in); }

    // So many other zones of the same peer.
    void want_others(int count) {
        for (int i = 0; i < count; ++i) {
            config::Zone other;
            other.name = name(fmt::format("z{}.test.", i));
            other.edit().notify = zone->notify;
            prober.add_zone(other);
            prober.want(now, other.name, "ns2", Duration{0});
        }
    }

    config::Zone zone;
    PeerProber prober;
    Now now{Instant{seconds{1}}, UnixTime{1'772'366'400}};
    Duration elapsed{0};
};

}  // namespace

TEST_CASE("nobody is asked who is not wanted", "[service][prober]") {
    ProberBench bench;
    CHECK_FALSE(bench.asked(hours{1}));
    bench.prober.want(bench.now, kZone, "stranger", Duration{0});
    CHECK_FALSE(bench.asked(hours{1}));
}

TEST_CASE("a peer is asked for its SOA, ever more seldom, until it is settled",
          "[service][prober]") {
    ProberBench bench;
    bench.want(seconds{1});
    CHECK_FALSE(bench.asked(milliseconds{900}));
    std::vector<std::int64_t> pauses;
    for (int i = 0; i < 14; ++i) {
        const Duration before = bench.elapsed;
        const std::optional<Ask> question = bench.asked(hours{1});
        REQUIRE(question);
        CHECK(question->to.to_text() == "192.0.2.2@53");
        CHECK(question->transport == Transport::udp);
        pauses.push_back((bench.elapsed - before) / seconds{1});
        bench.reply(*question, 4);
        const std::optional<PeerAnswer> answer = bench.prober.poll_event();
        REQUIRE(answer);
        CHECK(answer->serial == dns::Serial{4});
        CHECK(answer->remote == "ns2");
    }
    CHECK(pauses ==
          std::vector<std::int64_t>{0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300});
    bench.prober.settle(kZone, "ns2");
    CHECK_FALSE(bench.asked(hours{2}));
    bench.want();  // from the beginning
    CHECK(bench.asked());
}

TEST_CASE("silence and refusals are told, and asked again", "[service][prober]") {
    ProberBench bench;
    bench.want();
    REQUIRE(bench.asked());
    CHECK_FALSE(bench.prober.poll_event());
    const std::optional<Ask> second = bench.asked(seconds{5});
    REQUIRE(second);
    const std::optional<PeerAnswer> silence = bench.prober.poll_event();
    REQUIRE(silence);
    CHECK(silence->problem == "no answer to a SOA query");
    bench.reply(*second, {}, dns::Rcode::refused);
    CHECK(bench.prober.poll_event()->problem == "SOA query answered with REFUSED");
    const std::optional<Ask> third = bench.asked(seconds{10});
    REQUIRE(third);
    bench.prober.handle_failure(bench.now, third->attempt,
                                Error{Errc::peer_unreachable, "connection refused"});
    CHECK(bench.prober.poll_event()->problem == "connection refused");
    CHECK(bench.asked(seconds{20}));
}

TEST_CASE("an answer without authority proves nothing", "[service][prober]") {
    ProberBench bench;
    bench.want();
    const std::optional<Ask> question = bench.asked();
    REQUIRE(question);
    Bytes message = answer(question->message, {soa(5).record()});
    message[2] = static_cast<std::uint8_t>(message[2] & ~0x04U);
    bench.prober.handle_message(bench.now, question->attempt, message);
    const std::optional<PeerAnswer> told = bench.prober.poll_event();
    REQUIRE(told);
    CHECK_FALSE(told->serial);
    CHECK(told->problem == "its answer to a SOA query is not authoritative");
}

TEST_CASE("a server that knows no EDNS is asked without it", "[service][prober]") {
    ProberBench bench;
    bench.want();
    const std::optional<Ask> question = bench.asked();
    REQUIRE(question);
    CHECK(dns::Message::parse(question->message)->edns);
    bench.reply(*question, {}, dns::Rcode::form_err);
    const std::optional<Ask> plain = bench.asked();
    REQUIRE(plain);
    CHECK_FALSE(dns::Message::parse(plain->message)->edns);
    bench.reply(*plain, 5);
    CHECK(bench.prober.poll_event()->serial == dns::Serial{5});
}

TEST_CASE("an unsigned answer of a peer with a key is not believed", "[service][prober][R19]") {
    ProberBench bench{{}, key("k.")};
    bench.want();
    const std::optional<Ask> question = bench.asked();
    REQUIRE(question);
    Bytes request = question->message;
    dns::TsigKeyring keyring;
    keyring.add(key("k."));
    const Result<dns::TsigServer> checked =
        dns::TsigServer::check(request, keyring, bench.now.unix);
    REQUIRE(checked);
    const Bytes bare(request.begin(),
                     request.begin() + static_cast<std::ptrdiff_t>(checked->request_bytes()));
    Bytes forged = answer(bare, {soa(5).record()});
    bench.prober.handle_message(bench.now, question->attempt, forged);
    const std::optional<PeerAnswer> told = bench.prober.poll_event();
    REQUIRE(told);
    CHECK_FALSE(told->serial);
}

TEST_CASE("who is waited for is asked at once and often", "[service][prober]") {
    ProberBench bench;
    bench.prober.hurry(bench.now, kZone, true);
    int questions = 0;
    const Duration began = bench.elapsed;
    while (bench.elapsed - began < seconds{20}) {
        const std::optional<Ask> question = bench.asked(seconds{5});
        REQUIRE(question);
        ++questions;
        bench.reply(*question, 4);
    }
    CHECK(questions >= 11);
    CHECK(questions <= 16);
}

TEST_CASE("one remote is asked so many times a second, for all its zones", "[service][prober]") {
    ProberBench bench{{.per_second = 10}};
    bench.want_others(100);
    std::size_t questions = 0;
    const Duration began = bench.elapsed;
    while (bench.asked(seconds{1}) && bench.elapsed - began < seconds{1}) {
        ++questions;
    }
    CHECK(questions >= 9);
    CHECK(questions <= 12);
}

TEST_CASE("a zone somebody waits for does not stand behind the others", "[service][prober]") {
    ProberBench bench{{.per_second = 10}};
    bench.want_others(1000);
    while (bench.asked()) {
    }
    bench.prober.hurry(bench.now, kZone, true);
    CHECK(bench.asked());
}

TEST_CASE("so many questions are on their way at a time", "[service][prober]") {
    ProberLimits limits;
    limits.per_second = 0;
    limits.questions = 8;
    ProberBench bench{limits};
    bench.want_others(100);
    while (bench.asked()) {
    }
    CHECK(bench.prober.asking() == 8);
    CHECK(bench.asked(seconds{3}));
}

TEST_CASE("a zone that goes is asked about no more", "[service][prober]") {
    ProberBench bench;
    bench.want();
    REQUIRE(bench.asked());
    bench.prober.remove_zone(kZone);
    CHECK(bench.prober.asking() == 0);
    CHECK_FALSE(bench.asked(hours{1}));
    bench.prober.add_zone(bench.zone);
    bench.want();
    CHECK(bench.asked());
}

}  // namespace twinzone::service::test
