#include "common/service/announcer.h"

#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

class AnnouncerBench : public StoreBench {
  public:
    explicit AnnouncerBench(dns::TsigKeyPtr with_key = nullptr) {
        zone.name = name("example.test.");
        zone.notify = {remote("ns2", "192.0.2.2@53", std::move(with_key))};
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
    bench.zone.notify = {std::make_shared<config::Remote>(
        config::Remote{.name = "ns2",
                       .addresses = {endpoint("192.0.2.2"), endpoint("192.0.2.3")},
                       .key = nullptr})};
    bench.start();
    bench.publish();
    CHECK(bench.sent()->to.to_text() == "192.0.2.2@53");
    CHECK(bench.sent(seconds{5})->to.to_text() == "192.0.2.3@53");
}

}  // namespace twinzone::service::test
