#include "common/service/decision_book.h"

#include <fmt/format.h>

#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

Decision soa_answer(Reason reason, std::uint32_t serial, std::string remote = "192.0.2.1@53") {
    Decision decision{.reason = reason};
    decision.facts.remote = std::move(remote);
    decision.facts.to = dns::Serial{serial};
    return decision;
}

const dns::Name kZone = *dns::Name::from_text("example.test.");

}  // namespace

TEST_CASE("decisions are kept in their order", "[service][why]") {
    DecisionBook book;
    CHECK(book.of(kZone).empty());
    CHECK(book.bytes() == 0);
    book.add(UnixTime{10}, kZone, soa_answer(Reason::soa_newer, 2));
    book.add(UnixTime{11}, kZone, soa_answer(Reason::soa_current, 2));
    REQUIRE(book.of(kZone).size() == 2);
    CHECK(book.of(kZone)[0].decision.reason == Reason::soa_newer);
    CHECK(book.of(kZone)[1].at == UnixTime{11});
    CHECK(book.bytes() > 0);
    book.forget(kZone);
    CHECK(book.of(kZone).empty());
    CHECK(book.bytes() == 0);
}

TEST_CASE("a decision comes back as it was told", "[service][why]") {
    Decision told{.reason = Reason::transfer_finished, .transfer = TransferLabel::axfr_style_ixfr};
    told.facts = {.remote = "192.0.2.1@53",
                  .tls = true,
                  .name = "ns1",
                  .key = "k1.",
                  .file = "/etc/zone",
                  .detail = "why",
                  .from = dns::Serial{0},
                  .to = dns::Serial{0xffffffffU},
                  .added = 0,
                  .removed = 1U << 20U,
                  .records = 3,
                  .messages = 1,
                  .bytes = 0xffffffffffffU,
                  .took = milliseconds{1500},
                  .next = seconds{60},
                  .digest = "0123456789abcdef",
                  .note = "a note"};
    told.line = "in words of its own";
    DecisionBook book;
    book.add(UnixTime{10}, kZone, told);
    book.add(UnixTime{11}, kZone, Decision{.reason = Reason::denied, .facts = {.remote = "::1@5"}});
    const std::vector<KeptDecision> kept = book.of(kZone);
    REQUIRE(kept.size() == 2);
    CHECK(kept[0].decision.reason == told.reason);
    CHECK(kept[0].decision.transfer == told.transfer);
    CHECK((kept[0].decision.facts == told.facts));
    CHECK(kept[0].decision.line == told.line);
    CHECK(kept[1].decision.facts.remote == "::1@5");  // cut in two while it is kept
    CHECK_FALSE(kept[1].decision.facts.added);
}

TEST_CASE("the same decision again is counted", "[service][why]") {
    DecisionBook book;
    for (int round = 0; round < 5; ++round) {  // two primaries, one of them dead
        book.add(UnixTime{10 + round * 60}, kZone, soa_answer(Reason::soa_failed, 1, "192.0.2.9"));
        book.add(UnixTime{11 + round * 60}, kZone, soa_answer(Reason::soa_current, 1));
    }
    REQUIRE(book.of(kZone).size() == 2);
    const KeptDecision last = book.of(kZone)[1];
    CHECK(last.decision.reason == Reason::soa_current);
    CHECK(last.times == 5);
    CHECK(last.first == UnixTime{11});
    CHECK(last.at == UnixTime{251});
}

TEST_CASE("another serial, remote or detail is another decision", "[service][why]") {
    DecisionBook book;
    Decision decision = soa_answer(Reason::soa_failed, 1);
    book.add(UnixTime{1}, kZone, decision);
    decision.facts.detail = "REFUSED";
    book.add(UnixTime{1}, kZone, decision);
    decision.facts.to = dns::Serial{2};
    book.add(UnixTime{1}, kZone, decision);
    decision.facts.remote = "192.0.2.1@5353";
    book.add(UnixTime{1}, kZone, decision);
    CHECK(book.of(kZone).size() == 4);
}

TEST_CASE("a client that comes from another port each time is one", "[service][why]") {
    DecisionBook book;
    for (int port = 1000; port < 1005; ++port) {
        book.add(UnixTime{1}, kZone,
                 soa_answer(Reason::denied, 1, fmt::format("192.0.2.7@{}", port)));
    }
    REQUIRE(book.of(kZone).size() == 1);
    CHECK(book.of(kZone)[0].times == 5);
}

TEST_CASE("a zone keeps so many decisions, the last ones", "[service][why]") {
    DecisionBook book;
    for (std::uint32_t serial = 0; serial < 200; ++serial) {
        book.add(UnixTime{serial}, kZone, soa_answer(Reason::soa_newer, serial));
    }
    REQUIRE(book.of(kZone).size() == kMaxDecisions);
    CHECK(book.of(kZone).back().decision.facts.to == dns::Serial{199});
}

TEST_CASE("clients that are refused do not push out what was decided", "[service][why]") {
    DecisionBook book;
    book.add(UnixTime{1}, kZone, soa_answer(Reason::soa_newer, 1));
    for (int client = 0; client < 200; ++client) {
        book.add(UnixTime{2}, kZone,
                 soa_answer(Reason::denied, 1, fmt::format("10.0.0.{}@53", client)));
    }
    REQUIRE(book.of(kZone).size() == kMaxClientDecisions + 1);
    CHECK(book.of(kZone)[0].decision.reason == Reason::soa_newer);
    CHECK(book.of(kZone).back().decision.facts.remote == "10.0.0.199@53");
}

TEST_CASE("all zones together keep to a limit; those that were quiet longest pay",
          "[service][why]") {
    constexpr std::size_t kLimit = 50'000;
    DecisionBook book{kLimit};
    std::vector<dns::Name> zones;
    for (int i = 0; i < 1000; ++i) {
        zones.push_back(name(fmt::format("z{}.test.", i)));
        book.add(UnixTime{i}, zones.back(), soa_answer(Reason::soa_newer, 1));
        book.add(UnixTime{i}, zones.front(),
                 soa_answer(Reason::soa_newer, static_cast<std::uint32_t>(i)));
    }
    CHECK(book.bytes() <= kLimit);
    CHECK(book.of(zones.front()).size() == kMaxDecisions);
    CHECK(book.of(zones[1]).empty());
    CHECK_FALSE(book.of(zones.back()).empty());
}

}  // namespace twinzone::service::test
