// What the follower does with the answers to its transfer queries.

#include <fmt/format.h>

#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

// A follower that holds serial 1 and was told by NOTIFY-like means that there is more: its first
// question is an IXFR.
class Notified : public FollowerBench {
  public:
    explicit Notified(std::size_t primaries = 1) {
        zone.edit().primaries.clear();
        for (std::size_t i = 1; i <= primaries; ++i) {
            zone.edit().primaries.push_back(
                remote(fmt::format("ns{}", i), fmt::format("192.0.2.{}@53", i)));
        }
        zone.edit().allow_notify = {config::AccessRule{.addresses = {}, .key = nullptr}};
        hold(*version(1, {1, 2}));
        follow();
        notify();
    }

    void notify() {
        dns::Message message = transfer::notify_message(soa(2), 1);
        CHECK(follower->handle_notify(now(), message,
                                      {.address = endpoint("192.0.2.1").address, .key = nullptr},
                                      endpoint("192.0.2.1@999")) == dns::Rcode::no_error);
    }

    Ask next(dns::RrType type, const char* from = "192.0.2.1@53") {
        const std::optional<Ask> question = asked();
        REQUIRE(question);
        CHECK(type_of(*question) == type);
        CHECK(question->to.to_text() == from);
        return *question;
    }
};

std::vector<dns::Record> difference(std::uint32_t from, std::uint32_t to, std::uint8_t gone,
                                    std::uint8_t come) {
    return {soa(to).record(),
            soa(from).record(),
            address(fmt::format("h{}.example.test.", gone), gone),
            soa(to).record(),
            address(fmt::format("h{}.example.test.", come), come),
            soa(to).record()};
}

}  // namespace

TEST_CASE("a zone without a version is loaded by AXFR and published after its commit",
          "[service][follower]") {
    FollowerBench bench;
    bench.follow();
    const std::optional<Ask> question = bench.asked();
    REQUIRE(question);
    CHECK(FollowerBench::type_of(*question) == dns::RrType::axfr);
    CHECK(question->transport == Transport::tcp);
    bench.reply(*question, full(*version(5, {1, 2, 3})));
    CHECK_FALSE(bench.serial());
    CHECK(bench.take<VersionPublished>().empty());
    bench.pass(seconds{1});
    CHECK(bench.serial() == 5);
    CHECK(bench.take<VersionPublished>().size() == 1);
    CHECK(bench.view().state == transfer::RefreshState::fresh);
}

TEST_CASE("a NOTIFY leads straight to an IXFR from our serial", "[service][follower]") {
    Notified bench;
    const Ask question = bench.next(dns::RrType::ixfr);
    const dns::Message query = *dns::Message::parse(question.message);
    REQUIRE(query.authority.size() == 1);
    CHECK(dns::SoaRecord::parse(query.authority[0].view())->serial == dns::Serial{1});
    bench.reply(question, difference(1, 2, 1, 9));
    bench.pass(seconds{1});
    CHECK(bench.serial() == 2);
    const std::vector<TransferEnded> ended = bench.take<TransferEnded>();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].added == 1);
    CHECK(ended[0].removed == 1);
}

TEST_CASE("an IXFR that fails is followed by one AXFR from the same primary, then the next",
          "[service][follower][R32]") {
    struct Row {
        const char* name;
        std::vector<dns::Record> records;
        dns::Rcode rcode = dns::Rcode::no_error;
    };
    const Row rows[] = {
        {"SERVFAIL", {}, dns::Rcode::serv_fail},
        {"REFUSED", {}, dns::Rcode::refused},
        {"NOTIMP", {}, dns::Rcode::not_imp},
        {"FORMERR", {}, dns::Rcode::form_err},
        {"NOTAUTH", {}, dns::Rcode::not_auth},
        {"starts elsewhere", difference(7, 9, 1, 3)},
        {"removes what is not there", difference(1, 2, 8, 3)},
        {"changes nothing", {soa(2).record(), soa(1).record(), soa(1).record(), soa(2).record()}},
        {"no SOA first", {address("h1.example.test.", 1)}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            Notified bench{2};
            bench.reply(bench.next(dns::RrType::ixfr), row.records, row.rcode);
            bench.pass(seconds{1});
            bench.reply(bench.next(dns::RrType::axfr), {}, dns::Rcode::serv_fail);
            bench.reply(bench.next(dns::RrType::ixfr, "192.0.2.2@53"), difference(1, 2, 1, 9));
            bench.pass(seconds{1});
            CHECK(bench.serial() == 2);
        }
    }
}

TEST_CASE("a transfer asks for EXPIRE, and goes without EDNS where that is what is disliked",
          "[service][follower]") {
    FollowerBench bench;
    bench.follow();
    const Ask first = *bench.asked();
    REQUIRE(dns::Message::parse(first.message)->edns);
    CHECK(dns::Message::parse(first.message)->edns->has_expire());
    bench.reply(first, {}, dns::Rcode::form_err);
    const Ask second = *bench.asked();
    CHECK(FollowerBench::type_of(second) == dns::RrType::axfr);
    CHECK_FALSE(dns::Message::parse(second.message)->edns);
    bench.reply(second, {}, dns::Rcode::form_err);
    CHECK_FALSE(bench.asked());
    CHECK_THAT(bench.view().last_error, Catch::Contains("FORMERR"));
}

TEST_CASE("a cut or silent IXFR is followed by an AXFR", "[service][follower]") {
    Notified bench;
    const Ask cut = bench.next(dns::RrType::ixfr);
    bench.cut(cut);
    const Ask silent = bench.next(dns::RrType::axfr);
    bench.reply(silent, {soa(2).record(), address("h1.example.test.", 1)});
    CHECK_FALSE(bench.asked(seconds{59}));
    CHECK(bench.view().transferring);
    bench.pass(milliseconds{1200});  // before the announced serial is looked for again
    CHECK_FALSE(bench.view().transferring);
    CHECK_THAT(bench.view().last_error,
               Catch::Contains("nothing received for transfer-idle of 60 s"));
    CHECK(bench.serial() == 1);
}

TEST_CASE("a primary that cuts transfers is not taken for dead", "[service][follower]") {
    const bool begins_to_answer = GENERATE(true, false);
    CAPTURE(begins_to_answer);
    FollowerBench bench;
    bench.follow();
    const auto follow = [&bench](std::string_view zone) {
        config::Zone other = bench.zone;
        other.name = name(zone);
        bench.follower->add_zone(bench.now(), other);
        bench.follower->refresh(bench.now(), other.name);
    };
    follow("b.test.");
    follow("c.test.");
    std::vector<Ask> questions;
    for (unsigned i = 0; i < transfer::kFailuresToDeath; ++i) {
        questions.push_back(*bench.asked());
    }
    for (const Ask& question : questions) {
        if (begins_to_answer) {
            dns::SoaRecord first = soa(2);
            first.owner = dns::Message::parse(question.message)->question->name;
            bench.reply(question, {first.record()});
        }
        bench.cut(question);
    }
    follow("d.test.");
    CHECK(bench.asked().has_value() == begins_to_answer);
    for (const TransferEnded& ended : bench.take<TransferEnded>()) {
        CHECK(ended.error->code() ==
              (begins_to_answer ? Errc::transfer_cut : Errc::peer_unreachable));
    }
}

TEST_CASE("no AXFR follows where it could not end better", "[service][follower]") {
    SECTION("no connection") {
        Notified bench{2};
        const std::optional<FollowerAction> action = bench.follower->poll_action(bench.now());
        REQUIRE(action);
        const Ask question = std::get<Ask>(*action);
        bench.follower->handle_failure(bench.now(), question.attempt,
                                       Error{Errc::peer_unreachable, "connection refused"});
        bench.next(dns::RrType::ixfr, "192.0.2.2@53");
    }
    SECTION("a limit") {
        FollowerBench bench;
        bench.limits.zone_records = 4;
        bench.follow();
        bench.reply(*bench.asked(), full(*version(5, {1, 2, 3, 4, 5})));
        CHECK_THAT(bench.view().last_error, Catch::Contains("4"));
        CHECK_FALSE(bench.asked());
    }
}

TEST_CASE("the primary's silence after one newer SOA means: ask for everything",
          "[service][follower]") {
    Notified bench;
    const Ask question = bench.next(dns::RrType::ixfr);
    bench.reply(question, {soa(2).record()});
    CHECK_FALSE(bench.asked(seconds{4}));
    const std::optional<Ask> next = bench.asked(seconds{3});
    REQUIRE(next);
    CHECK(FollowerBench::type_of(*next) == dns::RrType::axfr);
}

TEST_CASE("a primary that is behind is refused or adopted, by policy", "[service][follower][R33]") {
    FollowerBench bench;
    const bool adopt = GENERATE(false, true);
    bench.zone.edit().on_lower_serial =
        adopt ? config::OnLowerSerial::adopt : config::OnLowerSerial::refuse;
    bench.hold(*version(10, {1}));
    bench.follow();
    bench.follower->refresh(bench.now(), bench.zone.name);
    const std::optional<Ask> check = bench.asked(seconds{15});
    REQUIRE(check);
    REQUIRE(FollowerBench::type_of(*check) == dns::RrType::soa);
    bench.reply(*check, {soa(9).record()});
    const std::optional<Ask> transfer = bench.asked();
    REQUIRE(transfer.has_value() == adopt);
    if (adopt) {
        CHECK(FollowerBench::type_of(*transfer) == dns::RrType::axfr);
        bench.reply(*transfer, full(*version(9, {2})));
        bench.pass(seconds{1});
        CHECK(bench.serial() == 9);
    } else {
        CHECK_THAT(bench.view().last_error, Catch::Contains("serial 9, older than ours 10"));
        CHECK(bench.serial() == 10);
    }
}

TEST_CASE("an expired zone takes any serial", "[service][follower][R33]") {
    FollowerBench bench;
    bench.hold(*version(10, {1}));
    bench.follow();
    while (const std::optional<Ask> question = bench.asked(seconds{0})) {
        bench.cut(*question);
    }
    bench.pass(hours{25});
    CHECK(bench.view().state == transfer::RefreshState::expired);
    CHECK(bench.take<ZoneExpired>().size() == 1);
    CHECK(*bench.follower->expires_in(bench.now(), bench.zone.name) <= seconds{0});
    bench.follower->refresh(bench.now(), bench.zone.name);
    std::optional<Ask> question = bench.asked(minutes{3});
    REQUIRE(question);
    bench.reply(*question, {soa(3).record()});
    question = bench.asked();
    REQUIRE(question);
    CHECK(FollowerBench::type_of(*question) == dns::RrType::axfr);
    bench.reply(*question, full(*version(3, {4})));
    bench.pass(seconds{1});
    CHECK(bench.serial() == 3);
    CHECK(bench.view().state == transfer::RefreshState::fresh);
}

TEST_CASE("a commit that fails keeps the old version, and is tried again", "[service][follower]") {
    Notified bench;
    bench.store->set_faults({.failure_percent = 100});
    bench.reply(bench.next(dns::RrType::ixfr), difference(1, 2, 1, 9));
    bench.pass(seconds{1});
    CHECK(bench.serial() == 1);
    CHECK_THAT(bench.view().last_error, Catch::Contains("no space left"));
    bench.store->set_faults({});
    const std::optional<Ask> again = bench.asked(hours{1});
    REQUIRE(again);
    CHECK(bench.follower->invariants_hold());
}

TEST_CASE("a NOTIFY during a transfer is not lost", "[service][follower][R35]") {
    Notified bench;
    const Ask question = bench.next(dns::RrType::ixfr);
    bench.notify();
    bench.reply(question, difference(1, 2, 1, 9));
    bench.pass(seconds{1});
    CHECK(bench.serial() == 2);
    const Ask again = bench.next(dns::RrType::ixfr);
    bench.reply(again, {soa(2).record()});
    CHECK(bench.view().last_error.empty());
}

TEST_CASE("what comes late for an attempt given up is not looked at", "[service][follower][R40]") {
    Notified bench;
    const Ask question = bench.next(dns::RrType::ixfr);
    bench.cut(question);
    const Ask next = bench.next(dns::RrType::axfr);
    bench.reply(question, difference(1, 2, 1, 9));
    bench.pass(seconds{1});
    CHECK(bench.serial() == 1);
    bench.reply(next, full(*version(3, {4})));
    bench.pass(seconds{1});
    CHECK(bench.serial() == 3);
}

TEST_CASE("a transfer slower than min-rate is ended", "[service][follower][R7]") {
    FollowerBench bench;
    bench.follow();
    const std::optional<Ask> question = bench.asked();
    REQUIRE(question);
    bench.reply(*question, {soa(5).record()});
    for (int i = 0; i < 8 && bench.view().transferring; ++i) {
        bench.pass(seconds{9});
        bench.reply(*question, {address("a.example.test.", static_cast<std::uint8_t>(i))});
    }
    CHECK_FALSE(bench.view().transferring);
    CHECK_THAT(bench.view().last_error, Catch::Contains("min-rate"));
}

TEST_CASE("a transfer that takes long tells how far it is, now and then", "[service][follower]") {
    FollowerBench bench;
    bench.follow();
    const std::optional<Ask> question = bench.asked();
    REQUIRE(question);
    REQUIRE(bench.view().progress);
    CHECK(bench.view().progress->records == 0);
    bench.reply(*question, {soa(5).record(), address("a.example.test.", 1)});
    bench.pass(seconds{9});
    bench.reply(*question, {address("b.example.test.", 2)});
    CHECK(bench.take<TransferProgressed>().empty());
    bench.pass(seconds{2});
    bench.reply(*question, {address("c.example.test.", 3)});
    bench.reply(*question, {address("d.example.test.", 4)});
    const std::vector<TransferProgressed> told = bench.take<TransferProgressed>();
    REQUIRE(told.size() == 1);
    CHECK(told[0].remote.to_text() == "192.0.2.1@53");
    CHECK(told[0].records == 4);
    CHECK(told[0].took == seconds{11});
    const std::optional<Follower::Progress> progress = bench.view().progress;
    REQUIRE(progress);
    CHECK(progress->records == 5);
    CHECK(progress->messages == 4);
    CHECK(progress->bytes > 100);
    CHECK_FALSE(progress->committing);
}

TEST_CASE("an operator's retransfer is an AXFR and takes any serial", "[service][follower]") {
    Notified bench{2};
    bench.reply(bench.next(dns::RrType::ixfr), difference(1, 2, 1, 3));
    bench.pass(seconds{1});
    REQUIRE(bench.serial() == 2);
    CHECK(bench.follower->refresh(bench.now(), bench.zone.name, true) == Follower::Order::begins);
    const Ask first = bench.next(dns::RrType::axfr);
    CHECK(bench.follower->refresh(bench.now(), bench.zone.name) == Follower::Order::after_running);
    bench.cut(first);
    const Ask second = bench.next(dns::RrType::axfr, "192.0.2.2@53");  // the next primary too
    bench.reply(second, full(*version(7, {1})));
    bench.pass(seconds{1});
    CHECK(bench.serial() == 7);
    CHECK(bench.follower->refresh(bench.now(), name("other.test."), true) ==
          Follower::Order::not_followed);
    std::vector<TransferCause> causes;
    for (const TransferBegan& began : bench.take<TransferBegan>()) {
        causes.push_back(began.cause);
    }
    CHECK(causes == std::vector<TransferCause>{TransferCause::differences, TransferCause::ordered,
                                               TransferCause::ordered});
}

}  // namespace twinzone::service::test
