#include "common/transfer/notify_sender.h"

#include <algorithm>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/records.h"

namespace twinzone::transfer {

namespace {

Instant at(std::int64_t ms) {
    return Instant{milliseconds{ms}};
}

constexpr dns::Serial kSeven{7};
constexpr dns::Serial kEight{8};

// A sender and the actions it wants at a time.
struct Fixture {
    std::vector<NotifyAction> poll_unchecked(Instant now) {
        std::vector<NotifyAction> actions;
        while (const std::optional<NotifyAction> action = sender.poll_action(now)) {
            actions.push_back(*action);
        }
        return actions;
    }
    std::vector<NotifyAction> poll(Instant now) {
        std::vector<NotifyAction> actions = poll_unchecked(now);
        REQUIRE(sender.invariants_hold());
        return actions;
    }
    NotifyAction poll_one(Instant now) {
        const std::vector<NotifyAction> actions = poll(now);
        REQUIRE(actions.size() == 1);
        return actions[0];
    }

    NotifySender sender{NotifyLimits{}, 1};
};

}  // namespace

TEST_CASE("a NOTIFY has the zone's SOA in it", "[transfer]") {
    const dns::Message sent =
        *dns::Message::parse(notify_message(test::soa_record(7), 99).to_wire());
    CHECK(sent.header.id == 99);
    CHECK(sent.header.opcode == dns::Opcode::notify);
    CHECK(sent.header.aa);
    CHECK_FALSE(sent.header.qr);
    CHECK(sent.question->name == test::apex());
    CHECK(sent.question->type == dns::RrType::soa);
    REQUIRE(sent.answer.size() == 1);
    CHECK(dns::SoaRecord::parse(sent.answer[0].view())->serial == kSeven);
}

TEST_CASE("a NOTIFY is sent at once and repeated until it is answered", "[transfer]") {
    Fixture a;
    a.sender.handle_committed(at(0), 1, 0, kSeven);
    CHECK(a.sender.next_timeout() == at(0));
    NotifyAction sent = a.poll_one(at(0));
    CHECK(sent.zone == 1);
    CHECK(sent.serial == kSeven);
    std::int64_t now = 0;
    for (const std::int64_t gap : {2, 4, 8, 16, 32, 60, 60, 60, 3600, 3600}) {
        CHECK(a.sender.next_timeout() == at(now + gap * 1000));
        CHECK(a.poll(at(now + gap * 1000 - 1)).empty());
        now += gap * 1000;
        const unsigned attempt = sent.attempt;
        sent = a.poll_one(at(now));
        CHECK(sent.attempt == attempt + 1);
    }
    const auto result = a.sender.handle_answer(at(now), 1, 0, sent.id, dns::Rcode::no_error);
    REQUIRE(result);
    CHECK(result->verdict == NotifyVerdict::delivered);
    CHECK(result->serial == kSeven);
    CHECK_FALSE(result->still_owed);
    CHECK(a.sender.owed() == 0);
    CHECK_FALSE(a.sender.next_timeout());
}

TEST_CASE("answers that mean no end it, SERVFAIL does not", "[transfer]") {
    struct Row {
        dns::Rcode rcode;
        NotifyVerdict verdict;
        std::size_t owed;
    };
    const Row rows[] = {
        {dns::Rcode::refused, NotifyVerdict::refused, 0},
        {dns::Rcode::not_auth, NotifyVerdict::refused, 0},
        {dns::Rcode::not_imp, NotifyVerdict::refused, 0},
        {dns::Rcode::form_err, NotifyVerdict::refused, 0},
        {dns::Rcode::serv_fail, NotifyVerdict::retrying, 1},
    };
    for (const Row& row : rows) {
        Fixture a;
        a.sender.handle_committed(at(0), 1, 0, kSeven);
        const NotifyAction sent = a.poll_one(at(0));
        const auto result = a.sender.handle_answer(at(1), 1, 0, sent.id, row.rcode);
        REQUIRE(result);
        CHECK(result->verdict == row.verdict);
        CHECK(result->still_owed == (row.owed == 1));
        CHECK(a.sender.owed() == row.owed);
        CHECK(a.sender.invariants_hold());
    }
}

TEST_CASE("an answer that fits nothing on its way is ignored", "[transfer]") {
    Fixture a;
    a.sender.handle_committed(at(0), 1, 0, kSeven);
    CHECK_FALSE(a.sender.handle_answer(at(0), 1, 0, 0, dns::Rcode::no_error));  // not sent yet
    const NotifyAction sent = a.poll_one(at(0));
    const auto other = static_cast<std::uint16_t>(sent.id + 1);
    CHECK_FALSE(a.sender.handle_answer(at(1), 1, 0, other, dns::Rcode::no_error));
    CHECK_FALSE(a.sender.handle_answer(at(1), 1, 5, sent.id, dns::Rcode::no_error));
    CHECK_FALSE(a.sender.handle_answer(at(1), 2, 0, sent.id, dns::Rcode::no_error));
    const NotifyAction again = a.poll_one(at(2000));
    CHECK(a.sender.owed() == 1);
    if (again.id != sent.id) {  // a late answer to the first message says nothing of the second
        CHECK_FALSE(a.sender.handle_answer(at(2001), 1, 0, sent.id, dns::Rcode::no_error));
    }
    CHECK(a.sender.handle_answer(at(2001), 1, 0, again.id, dns::Rcode::no_error));
    CHECK_FALSE(a.sender.handle_answer(at(2001), 1, 0, again.id, dns::Rcode::no_error));
}

TEST_CASE("a newer serial replaces the one on its way", "[transfer]") {
    Fixture a;
    a.sender.handle_committed(at(0), 1, 0, kSeven);
    const NotifyAction first = a.poll_one(at(0));
    for (std::uint32_t serial = 8; serial <= 100; ++serial) {
        a.sender.handle_committed(at(5), 1, 0, dns::Serial{serial});
    }
    CHECK(a.poll(at(5)).empty());  // one in flight
    const auto result = a.sender.handle_answer(at(10), 1, 0, first.id, dns::Rcode::no_error);
    REQUIRE(result);
    CHECK(result->still_owed);
    const NotifyAction second = a.poll_one(at(10));
    CHECK(second.serial == dns::Serial{100});
    CHECK(second.attempt == 1);

    // Without an answer it goes out after a round trip, and at once where that is long ago.
    a.sender.handle_committed(at(20), 1, 0, dns::Serial{101});
    CHECK(a.poll(at(109)).empty());
    CHECK(a.poll_one(at(110)).serial == dns::Serial{101});
    CHECK(a.poll_one(at(2110)).attempt == 2);
    a.sender.handle_committed(at(2120), 1, 0, dns::Serial{102});
    const NotifyAction last = a.poll_one(at(2120));
    CHECK(last.serial == dns::Serial{102});
    CHECK(last.attempt == 1);
}

TEST_CASE("the rate to one target holds, and old debts do not delay a new version", "[transfer]") {
    Fixture a;
    constexpr std::uint32_t zones = 5000;
    for (std::uint32_t zone = 0; zone < zones; ++zone) {
        a.sender.handle_owed(at(0), zone, 0, kSeven);
    }
    std::size_t sent = 0;
    for (std::int64_t ms = 0; ms <= 1000; ++ms) {
        sent += a.poll(at(ms)).size();
    }
    CHECK(sent <= 275);  // a quarter of 1000, and a burst
    a.sender.handle_committed(at(1000), 77'777, 0, kEight);
    CHECK(a.poll_one(at(1000)).zone == 77'777);

    Fixture many;
    for (std::uint32_t zone = 0; zone < zones; ++zone) {
        many.sender.handle_committed(at(0), zone, 0, kSeven);
    }
    many.sender.handle_committed(at(0), 1, 1, kSeven);  // another target is not held up
    bool other = false;
    sent = 0;
    for (const NotifyAction& action : many.poll(at(0))) {
        other = other || action.target == 1;
        ++sent;
    }
    for (int calls = 0; calls < 10; ++calls) {  // a call's work is bounded
        for (const NotifyAction& action : many.poll(at(0))) {
            other = other || action.target == 1;
            ++sent;
        }
    }
    CHECK(other);
    CHECK(sent == 101);
}

TEST_CASE("new versions and repeats together keep to the rate", "[transfer]") {
    Fixture a;
    constexpr std::uint32_t zones = 20'000;
    for (std::uint32_t zone = 0; zone < zones; ++zone) {
        a.sender.handle_committed(at(0), zone, 0, kSeven);
    }
    std::size_t sent = 0;
    std::size_t repeated = 0;
    for (std::int64_t ms = 0; ms <= 10'000; ++ms) {  // nobody answers
        for (int calls = 0; calls < 30; ++calls) {
            for (const NotifyAction& action : a.poll_unchecked(at(ms))) {
                ++sent;
                repeated += action.attempt > 1 ? 1 : 0;
            }
        }
    }
    CHECK(sent >= 9'900);
    CHECK(sent <= 10'101);
    CHECK(repeated >= 1'000);
    CHECK(repeated <= 2'600);
}

TEST_CASE("a change is not told behind very many first versions", "[transfer]") {
    Fixture a;
    constexpr std::uint32_t zones = 20'000;
    for (std::uint32_t zone = 0; zone < zones; ++zone) {
        a.sender.handle_committed(at(0), zone, 0, kSeven);
    }
    std::vector<bool> told(zones, false);
    std::size_t sent = 0;
    std::int64_t ms = 0;
    const auto pass_to = [&](std::int64_t end) {
        for (; ms <= end; ++ms) {
            for (int calls = 0; calls < 30; ++calls) {
                for (const NotifyAction& action : a.poll_unchecked(at(ms))) {
                    told[action.zone] = true;
                    sent += action.attempt == 1 ? 1 : 0;
                    if (action.attempt == 1 && action.serial == kSeven) {
                        CHECK(a.sender.handle_answer(at(ms), action.zone, 0, action.id,
                                                     dns::Rcode::no_error));
                    }
                }
            }
        }
    };
    pass_to(1000);
    CHECK(sent >= 1000);
    CHECK(sent <= 1101);  // the rate, and a burst

    SECTION("it goes with the next token or the one after, and everybody is told in the end") {
        a.sender.handle_committed(at(1000), 10'000, 0, kEight);
        told[10'000] = false;
        pass_to(1003);
        CHECK(told[10'000]);
        pass_to(22'000);
        CHECK(std::count(told.begin(), told.end(), false) == 0);
    }
    SECTION("those who need not be told any more take no tokens") {
        for (std::uint32_t zone = 0; zone < zones; ++zone) {
            a.sender.forget(zone, 0);
        }
        sent = 0;
        pass_to(1100);
        CHECK(sent == 0);
        for (std::uint32_t zone = 0; zone < 50; ++zone) {
            a.sender.handle_committed(at(1100), zone, 0, kEight);
        }
        pass_to(1101);
        CHECK(sent == 50);
    }
    CHECK(a.sender.invariants_hold());
}

TEST_CASE("what is owed from before a restart is spread, and a new version goes first",
          "[transfer]") {
    Fixture a;
    a.sender.handle_owed(at(0), 1, 0, kSeven);
    CHECK(*a.sender.next_timeout() <= at(30'000));
    a.sender.handle_committed(at(0), 1, 0, kEight);
    CHECK(a.poll_one(at(0)).serial == kEight);
    a.sender.handle_owed(at(0), 1, 0, kSeven);  // already announced with a newer serial
    CHECK(a.poll(at(1)).empty());
    CHECK(a.poll_one(at(2000)).serial == kEight);
    a.sender.forget(1, 0);
    a.sender.forget(1, 0);
    CHECK(a.sender.owed() == 0);
    CHECK(a.sender.invariants_hold());
}

TEST_CASE("a sender that told very many zones goes on with the next", "[transfer]") {
    constexpr std::uint32_t kMany = 3000;
    Fixture a;
    a.sender.set_rate(0);
    for (std::uint32_t zone = 0; zone < kMany; ++zone) {
        a.sender.handle_committed(at(0), zone, zone % 2, kSeven);
    }
    while (a.sender.next_timeout() == at(0)) {  // a poll has so many steps
        for (const NotifyAction& action : a.poll_unchecked(at(0))) {
            REQUIRE(a.sender.handle_answer(at(0), action.zone, action.target, action.id,
                                           dns::Rcode::no_error));
        }
    }
    CHECK(a.sender.owed() == 0);
    CHECK(a.poll(at(10'000)).empty());
    a.sender.handle_committed(at(10'000), 5, 1, kEight);
    a.sender.handle_committed(at(10'000), 5, 0, kEight);
    CHECK(a.poll(at(10'000)).size() == 2);
    a.sender.forget(5, 1);
    CHECK(a.sender.owed() == 1);
    CHECK(a.sender.invariants_hold());
}

}  // namespace twinzone::transfer
