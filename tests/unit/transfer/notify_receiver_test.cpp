#include "common/transfer/notify_receiver.h"

#include "common/transfer/notify_sender.h"
#include "tests/support/catch.h"
#include "tests/support/records.h"

namespace twinzone::transfer {

namespace {

Instant at(std::int64_t ms) {
    return Instant{milliseconds{ms}};
}

Peer peer(std::string_view address = "192.0.2.1") {
    return {*IpAddress::from_text(address), nullptr};
}

// A secondary that follows zone 5 and lets 192.0.2.0/24 notify.
struct Fixture {
    NotifyDecision notify(Instant now, std::uint32_t serial, std::optional<std::uint32_t> ours) {
        return receiver.handle_notify(now, notify_message(test::soa_record(serial), 1), peer(),
                                      known(ours));
    }
    std::optional<NotifiedZone> known(std::optional<std::uint32_t> ours) const {
        return NotifiedZone{5, &rules, ours ? std::optional{dns::Serial{*ours}} : std::nullopt};
    }

    AccessRules rules{{{{*IpPrefix::from_text("192.0.2.0/24")}, nullptr}}};
    NotifyReceiver receiver{1000};
};

}  // namespace

TEST_CASE("a NOTIFY that is out of order is answered and does no work", "[transfer][R60]") {
    struct Row {
        const char* name = "";
        void (*spoil)(dns::Message&) = nullptr;
        const char* from = "";
        bool known = false;
        std::optional<dns::Rcode> answer;
    };
    const auto nothing = [](dns::Message&) {};
    const Row rows[] = {
        {"an answer", [](dns::Message& m) { m.header.qr = true; }, "192.0.2.1", true, {}},
        {"no question", [](dns::Message& m) { m.question.reset(); }, "192.0.2.1", true,
         dns::Rcode::form_err},
        {"class ANY", [](dns::Message& m) { m.question->rr_class = dns::RrClass::any; },
         "192.0.2.1", true, dns::Rcode::form_err},
        {"class NONE", [](dns::Message& m) { m.question->rr_class = dns::RrClass::none; },
         "192.0.2.1", true, dns::Rcode::form_err},
        {"class CH", [](dns::Message& m) { m.question->rr_class = dns::RrClass::ch; }, "192.0.2.1",
         true, dns::Rcode::not_auth},
        {"CDS", [](dns::Message& m) { m.question->type = dns::RrType::cds; }, "192.0.2.1", true,
         dns::Rcode::not_imp},
        {"CSYNC", [](dns::Message& m) { m.question->type = dns::RrType::csync; }, "192.0.2.1", true,
         dns::Rcode::not_imp},
        {"unknown zone", nothing, "192.0.2.1", false, dns::Rcode::not_auth},
        {"unknown sender", nothing, "198.51.100.1", true, dns::Rcode::refused},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            Fixture z;
            dns::Message message = notify_message(test::soa_record(9), 1);
            row.spoil(message);
            const NotifyDecision decision = z.receiver.handle_notify(
                at(0), message, peer(row.from), row.known ? z.known(7) : std::nullopt);
            CHECK(decision.answer == row.answer);
            CHECK_FALSE(decision.check);
            CHECK_FALSE(z.receiver.handle_checked(at(0), 5, dns::Serial{7}));
            CHECK_FALSE(z.receiver.next_timeout());
        }
    }
}

TEST_CASE("a NOTIFY is answered and makes us ask, whatever serial it hints at", "[transfer]") {
    struct Row {
        std::optional<std::uint32_t> ours;
        std::uint32_t hint = 0;
        Lane lane{};
    };
    const Row rows[] = {
        {7, 8, Lane::notify},
        {std::nullopt, 8, Lane::notify},
        {7, 7, Lane::refresh},
        {7, 6, Lane::refresh},
        {0, 0x80000000U, Lane::refresh},
        {0xffffffffU, 3, Lane::notify},
        {3, 0xffffffffU, Lane::refresh},
    };
    for (const Row& row : rows) {
        Fixture z;
        const NotifyDecision decision = z.notify(at(0), row.hint, row.ours);
        CHECK(decision.answer == dns::Rcode::no_error);
        CHECK(decision.check == row.lane);
        CHECK(decision.hint == dns::Serial{row.hint});
    }
    Fixture z;
    dns::Message bare = notify_message(test::soa_record(9), 1);
    bare.answer.clear();
    CHECK(z.receiver.handle_notify(at(0), bare, peer(), z.known(7)).check == Lane::notify);
    dns::Message odd = notify_message(test::soa_record(9), 1);
    odd.answer[0].rdata.resize(3);
    const NotifyDecision decision = z.receiver.handle_notify(at(0), odd, peer(), z.known(7));
    CHECK(decision.check == Lane::notify);
    CHECK_FALSE(decision.hint);
}

TEST_CASE("the answer to a NOTIFY repeats its ID and question", "[transfer]") {
    const dns::Message answer =
        notify_answer(notify_message(test::soa_record(9), 321), dns::Rcode::refused);
    const dns::Message parsed = *dns::Message::parse(answer.to_wire());
    CHECK(parsed.header.id == 321);
    CHECK(parsed.header.qr);
    CHECK(parsed.header.opcode == dns::Opcode::notify);
    CHECK(parsed.header.rcode == dns::Rcode::refused);
    CHECK(parsed.question->name == test::apex());
    CHECK(parsed.answer.empty());
}

TEST_CASE("an announced serial is looked for three times, then forgotten", "[transfer][R31]") {
    Fixture z;
    const dns::Serial ours{7};
    CHECK(z.notify(at(0), 9, 7).check == Lane::notify);
    CHECK_FALSE(z.receiver.next_timeout());  // the first look is the caller's
    CHECK_FALSE(z.receiver.handle_checked(at(100), 5, ours));
    CHECK(z.receiver.next_timeout() == at(1100));
    CHECK_FALSE(z.receiver.poll_action(at(1099)));
    auto again = z.receiver.poll_action(at(1100));
    REQUIRE(again);
    CHECK(again->zone == 5);
    CHECK(again->announced == dns::Serial{9});
    z.notify(at(1150), 9, 7);  // said again: the count goes on
    CHECK_FALSE(z.receiver.handle_checked(at(1200), 5, ours));
    REQUIRE(z.receiver.poll_action(at(3200)));
    CHECK(z.receiver.handle_checked(at(3300), 5, ours));  // given up
    CHECK_FALSE(z.receiver.next_timeout());
    CHECK_FALSE(z.receiver.handle_checked(at(3400), 5, ours));
}

TEST_CASE("an announced serial that is reached is forgotten", "[transfer]") {
    for (const std::uint32_t reached : {9U, 10U}) {
        Fixture z;
        z.notify(at(0), 9, 7);
        CHECK_FALSE(z.receiver.handle_checked(at(1), 5, dns::Serial{reached}));
        CHECK_FALSE(z.receiver.next_timeout());
    }
    Fixture z;
    z.notify(at(0), 9, 7);
    CHECK_FALSE(z.receiver.handle_checked(at(1), 5, dns::Serial{8}));  // on the way
    CHECK(z.receiver.next_timeout());
    z.notify(at(2), 12, 8);  // another serial: looks are counted anew, the first is the caller's
    CHECK_FALSE(z.receiver.next_timeout());
    z.receiver.forget(5);
    CHECK_FALSE(z.receiver.handle_checked(at(3), 5, dns::Serial{8}));
}

TEST_CASE("a flood from one sender is cut to its rate without an answer", "[transfer][R60]") {
    Fixture z;
    z.receiver = NotifyReceiver{10};
    CHECK(z.notify(at(0), 9, 7).answer);
    const NotifyDecision dropped = z.notify(at(1), 9, 7);
    CHECK_FALSE(dropped.answer);
    CHECK_FALSE(dropped.check);
    CHECK(z.receiver
              .handle_notify(at(1), notify_message(test::soa_record(9), 1), peer("192.0.2.2"),
                             z.known(7))
              .check);
    CHECK(z.notify(at(101), 9, 7).answer);
}

TEST_CASE("what names nothing new hides no change", "[transfer]") {
    Fixture z;
    z.receiver = NotifyReceiver{10};
    CHECK(z.notify(at(0), 7, 7).answer);
    CHECK_FALSE(z.notify(at(1), 7, 7).answer);
    CHECK_FALSE(z.notify(at(1), 6, 7).answer);
    const NotifyDecision taken = z.notify(at(1), 8, 7);
    CHECK(taken.answer);
    CHECK(taken.check == Lane::notify);
    CHECK_FALSE(z.notify(at(2), 8, 7).answer);
}

}  // namespace twinzone::transfer
