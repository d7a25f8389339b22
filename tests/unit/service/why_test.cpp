#include "common/service/why.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "common/service/event_log.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

const dns::Name kZone = *dns::Name::from_text("example.test.");
constexpr UnixTime kNoon{1'772'366'400};  // 2026-03-01 12:00:00 UTC

KeptDecision finished() {
    Decision decision{.reason = Reason::transfer_finished, .transfer = TransferLabel::ixfr};
    decision.facts.remote = "192.0.2.1@53";
    decision.facts.from = dns::Serial{7};
    decision.facts.to = dns::Serial{9};
    decision.facts.added = 3;
    decision.facts.removed = 2;
    return {.decision = decision, .at = kNoon, .first = kNoon, .times = 1};
}

KeptDecision failed_often() {
    Decision decision{.reason = Reason::retry_scheduled};
    decision.facts.detail = "192.0.2.1@53: no\x1b answer";
    decision.facts.next = seconds{5};
    return {.decision = decision, .at = UnixTime{kNoon.value() + 60}, .first = kNoon, .times = 4};
}

}  // namespace

TEST_CASE("why tells decisions in sentences, with their facts", "[service][why]") {
    CHECK(why_text(kZone, {finished(), failed_often()}) ==
          "2026-03-01T12:00:00Z  the transfer came in whole and was accepted\n"
          "                      IXFR, remote 192.0.2.1@53, serial 7 -> 9, +3 -2 records\n"
          "2026-03-01T12:01:00Z  no primary led to a confirmed version; the zone is checked again "
          "after its retry time (4 times since 2026-03-01T12:00:00Z)\n"
          "                      again in 5 s: 192.0.2.1@53: no? answer\n");
    CHECK(why_text(kZone, {}) == "example.test.: nothing was decided since the daemon started\n");
}

TEST_CASE("why tells decisions as JSON", "[service][why]") {
    CHECK(why_json(kZone, {finished(), failed_often()}) ==
          R"({"zone":"example.test.","decisions":[)"
          R"({"time":"2026-03-01T12:00:00Z","reason":"transfer_finished",)"
          R"("text":"the transfer came in whole and was accepted","transfer":"IXFR",)"
          R"("remote":"192.0.2.1@53","serial_from":7,"serial":9,"added":3,"removed":2},)"
          R"({"time":"2026-03-01T12:01:00Z","reason":"retry_scheduled",)"
          R"("text":"no primary led to a confirmed version; the zone is checked again after its )"
          R"(retry time","detail":"192.0.2.1@53: no\u001b answer","next_in_seconds":5,)"
          R"("times":4,"first":"2026-03-01T12:00:00Z"}]})"
          "\n");
    CHECK(why_json(kZone, {}) == "{\"zone\":\"example.test.\",\"decisions\":[]}\n");
}

TEST_CASE("an event is in the log and in the book, and floods by clients are cut",
          "[service][why]") {
    const twinzone::test::TemporaryFolder folder;
    const std::string path = folder.path() + "/log";
    const Result<std::unique_ptr<observe::Log>> log =
        observe::Log::open({.target = path, .level = observe::Level::info, .json = true});
    REQUIRE(log);
    EventLog events{**log};
    const Now now{Instant{seconds{9}}, kNoon};
    events.record(now, kZone, finished().decision);
    events.record(now, kZone, Reason::soa_current);  // below the log's level
    for (int i = 0; i < 1000; ++i) {
        events.record(now, Refusal{.peer = endpoint(fmt::format("192.0.2.66@{}", 1000 + i)),
                                   .kind = RefusalKind::denied,
                                   .text = "refused",
                                   .zone = kZone,
                                   .key = "",
                                   .why = "not allowed by allow-transfer",
                                   .type = dns::RrType::axfr});
    }
    REQUIRE(events.book().of(kZone).size() == 3);
    CHECK(events.book().of(kZone)[1].decision.reason == Reason::soa_current);
    CHECK(events.book().of(kZone)[2].decision.reason == Reason::denied);
    std::ifstream file{path};
    std::string line;
    REQUIRE(std::getline(file, line));
    CHECK_THAT(line, Catch::Contains(R"("zone":"example.test.","message":"IXFR, incoming, )"));
    CHECK_THAT(line, Catch::Contains(R"("event":"transfer_finished")"));
    CHECK_THAT(line, Catch::Contains(R"("serial_from":7,"serial":9,"added":3,"removed":2)"));
    int lines = 0;
    while (std::getline(file, line)) {
        CHECK_THAT(line, Catch::Contains(R"("event":"denied")"));
        ++lines;
    }
    CHECK(lines == 10);
}

}  // namespace twinzone::service::test
