#include "common/service/announcer.h"

#include "common/dns/extended_error.h"
#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

class AnnouncerBench : public StoreBench {
  public:
    explicit AnnouncerBench(dns::TsigKeyPtr with_key = nullptr) {
        zone.name = name("example.test.");
        zone.edit().notify = {remote("ns2", "192.0.2.2@53", std::move(with_key))};
        hold(*version(5, {1}));
    }

    void start() {
        announcer = std::make_unique<Announcer>(*store, transfer::NotifyLimits{}, 3);
        announcer->add_zone(zone);
        announcer->resume_owed(now());
    }

    void publish() {
        disk.owed.emplace("example.test.", "ns2");
        announcer->handle_published(now(), zone.name, version(5, {1})->version);
    }

    std::optional<Ask> sent(Duration within = Duration{0}) {
        const Instant until = now().instant + within;
        while (true) {
            while (const std::optional<FollowerAction> action = announcer->poll_action(now())) {
                if (const Ask* question = std::get_if<Ask>(&*action)) {
                    return *question;
                }
            }
            if (now().instant >= until) {
                return std::nullopt;
            }
            pass(milliseconds{100});
        }
    }

    void reply(const Ask& question, dns::Rcode rcode) {
        Bytes message = answer(question.message, {}, rcode);
        announcer->handle_message(now(), question.attempt, message);
    }

    // The next event that is about an answer.
    std::optional<Announced> answered() const {
        std::optional<Announced> event = announcer->poll_event();
        while (event && event->stage != Announced::Stage::answered) {
            event = announcer->poll_event();
        }
        return event;
    }

    config::Zone zone;
    std::unique_ptr<Announcer> announcer;
};

}  // namespace

TEST_CASE("a published version is told with its SOA until it is answered", "[service][announcer]") {
    AnnouncerBench bench;
    bench.start();
    bench.publish();
    const std::optional<Ask> first = bench.sent();
    REQUIRE(first);
    CHECK(first->to.to_text() == "192.0.2.2@53");
    const dns::Message message = *dns::Message::parse(first->message);
    CHECK(message.header.opcode == dns::Opcode::notify);
    CHECK(message.header.aa);
    REQUIRE(message.answer.size() == 1);
    CHECK(dns::SoaRecord::parse(message.answer[0].view())->serial == dns::Serial{5});
    CHECK_FALSE(bench.sent(seconds{1}));
    const std::optional<Ask> second = bench.sent(seconds{3});
    REQUIRE(second);
    bench.reply(*second, dns::Rcode::no_error);
    CHECK(bench.announcer->owed() == 0);
    CHECK(bench.disk.owed.empty());
    CHECK_FALSE(bench.sent(hours{2}));
    using Stage = Announced::Stage;
    for (const Stage stage : {Stage::sent, Stage::unanswered, Stage::answered}) {
        const std::optional<Announced> event = bench.announcer->poll_event();
        REQUIRE(event);
        CHECK(event->stage == stage);
        CHECK(event->serial == dns::Serial{5});
    }
    CHECK_FALSE(bench.announcer->poll_event());
}

TEST_CASE("what was owed before a restart is told after it", "[service][announcer]") {
    AnnouncerBench bench;
    bench.disk.owed.emplace("example.test.", "ns2");
    bench.disk.owed.emplace("example.test.", "gone");
    bench.start();
    CHECK(bench.sent(minutes{1}));
    CHECK(bench.disk.owed.size() == 1);
}

TEST_CASE("a remote that refuses is told no more", "[service][announcer]") {
    AnnouncerBench bench;
    bench.start();
    bench.publish();
    bench.reply(*bench.sent(), dns::Rcode::refused);
    const std::optional<Announced> event = bench.answered();
    REQUIRE(event);
    CHECK(event->verdict == transfer::NotifyVerdict::refused);
    CHECK(bench.announcer->owed() == 0);
}

TEST_CASE("a remote with a key gets signed NOTIFYs, and only signed answers count",
          "[service][announcer][R19]") {
    AnnouncerBench bench{key("k.")};
    bench.start();
    bench.publish();
    const std::optional<Ask> sent = bench.sent();
    REQUIRE(sent);
    Bytes request = sent->message;
    dns::TsigKeyring keyring;
    keyring.add(key("k."));
    const Result<dns::TsigServer> checked =
        dns::TsigServer::check(request, keyring, bench.now().unix);
    REQUIRE(checked);
    CHECK(checked->verdict() == dns::TsigServer::Verdict::valid);
    Bytes forged =
        answer(Bytes(request.begin(),
                     request.begin() + static_cast<std::ptrdiff_t>(checked->request_bytes())),
               {});
    bench.announcer->handle_message(bench.now(), sent->attempt, forged);
    CHECK(bench.announcer->owed() == 1);
    const std::optional<Announced> event = bench.answered();
    REQUIRE(event);
    CHECK(event->error);
}

TEST_CASE("the second address of a remote is tried where the first is silent",
          "[service][announcer]") {
    AnnouncerBench bench;
    bench.zone.edit().notify = {std::make_shared<config::Remote>(
        config::Remote{.name = "ns2",
                       .addresses = {endpoint("192.0.2.2"), endpoint("192.0.2.3")},
                       .key = nullptr})};
    bench.start();
    bench.publish();
    CHECK(bench.sent()->to.to_text() == "192.0.2.2@53");
    CHECK(bench.sent(seconds{5})->to.to_text() == "192.0.2.3@53");
}

TEST_CASE("each third NOTIFY that gets no answer goes over TCP", "[service][announcer]") {
    AnnouncerBench bench;
    bench.start();
    bench.publish();
    const Transport wanted[] = {Transport::udp, Transport::udp, Transport::tcp,
                                Transport::udp, Transport::udp, Transport::tcp};
    for (const Transport transport : wanted) {
        const std::optional<Ask> sent = bench.sent(minutes{2});
        REQUIRE(sent);
        CHECK(sent->transport == transport);
        const dns::Edns edns = *dns::Message::parse(sent->message)->edns;
        CHECK((edns.find(dns::EdnsOption::cookie) != nullptr) == (transport == Transport::udp));
    }
}

TEST_CASE("a NOTIFY leaves from the remote's source address", "[service][announcer]") {
    AnnouncerBench bench;
    config::Remote remote{.name = "ns2",
                          .addresses = {endpoint("192.0.2.2"), endpoint("2001:db8::2@53")},
                          .key = nullptr};
    remote.via = endpoint("192.0.2.9").address;
    bench.zone.edit().notify = {std::make_shared<config::Remote>(remote)};
    bench.start();
    bench.publish();
    CHECK(bench.sent()->source == remote.via);
    CHECK_FALSE(bench.sent(seconds{5})->source);  // of the other family
}

TEST_CASE("a remote that does not know EDNS, or wants a cookie first, is told anew at once",
          "[service][announcer]") {
    AnnouncerBench bench;
    bench.start();
    bench.publish();
    SECTION("EDNS") {
        bench.reply(*bench.sent(), dns::Rcode::form_err);
        const std::optional<Ask> again = bench.sent();
        REQUIRE(again);
        CHECK_FALSE(dns::Message::parse(again->message)->edns);
        CHECK(again->transport == Transport::udp);
        bench.reply(*again, dns::Rcode::form_err);
        CHECK(bench.announcer->owed() == 0);
    }
    SECTION("cookie") {
        const Ask first = *bench.sent();
        dns::Message reply = *dns::Message::parse(first.message);
        reply.header.qr = true;
        reply.header.rcode = static_cast<dns::Rcode>(7);  // BADCOOKIE is 23
        reply.edns->extended_rcode = 1;
        reply.edns->options[0].value.resize(24, 0xaa);
        Bytes wire = reply.to_wire();
        bench.announcer->handle_message(bench.now(), first.attempt, wire);
        const std::optional<Ask> again = bench.sent();
        REQUIRE(again);
        CHECK(again->transport == Transport::tcp);
        bench.reply(*again, dns::Rcode::no_error);
        CHECK(bench.announcer->owed() == 0);
    }
}

TEST_CASE("an answer with another cookie than ours does not count", "[service][announcer]") {
    AnnouncerBench bench;
    bench.start();
    bench.publish();
    const Ask sent = *bench.sent();
    dns::Message reply = *dns::Message::parse(sent.message);
    reply.header.qr = true;
    reply.edns->options[0].value = Bytes(24, 0xaa);
    Bytes wire = reply.to_wire();
    bench.announcer->handle_message(bench.now(), sent.attempt, wire);
    CHECK(bench.announcer->owed() == 1);
}

TEST_CASE("a remote's own words on its refusal are kept", "[service][announcer]") {
    AnnouncerBench bench;
    bench.start();
    bench.publish();
    const Ask sent = *bench.sent();
    dns::Message reply = *dns::Message::parse(sent.message);
    reply.header.qr = true;
    reply.header.rcode = dns::Rcode::refused;
    add_extended_error(*reply.edns, dns::ExtendedErrorCode::prohibited, "not you");
    Bytes wire = reply.to_wire();
    bench.announcer->handle_message(bench.now(), sent.attempt, wire);
    CHECK(bench.answered()->refusal == "REFUSED (Prohibited: not you)");
}

}  // namespace twinzone::service::test
