#include "common/service/event_decisions.h"

#include <set>

#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

const Endpoint kPrimary = *Endpoint::from_text("192.0.2.1@53", 53);

SoaChecked checked(SoaVerdict verdict) {
    return {.remote = kPrimary,
            .verdict = verdict,
            .ours = dns::Serial{7},
            .serial = dns::Serial{9},
            .error = {}};
}

TransferBegan began(TransferCause cause, TransferType asked = TransferType::axfr) {
    return {
        .remote = kPrimary, .key = "k.", .tls = false, .asked = asked, .cause = cause, .ours = {}};
}

TransferEnded ended(TransferType asked, TransferType got) {
    TransferEnded event;
    event.remote = kPrimary;
    event.asked = asked;
    event.got = got;
    return event;
}

TransferEnded failed(Errc code) {
    TransferEnded event = ended(TransferType::ixfr, TransferType::ixfr);
    event.error = Error{code, "why"};
    return event;
}

TransferEnded with(void (*change)(TransferEnded&)) {
    TransferEnded event = ended(TransferType::ixfr, TransferType::ixfr);
    change(event);
    return event;
}

}  // namespace

TEST_CASE("each thing a follower reports has its reason", "[service][why]") {
    struct Row {
        decltype(FollowerEvent::what) what;
        std::vector<Reason> expected;
    };
    const Row rows[] = {
        {checked(SoaVerdict::current), {Reason::soa_current}},
        {checked(SoaVerdict::newer), {Reason::soa_newer}},
        {checked(SoaVerdict::lower), {Reason::soa_lower}},
        {checked(SoaVerdict::incomparable), {Reason::soa_incomparable}},
        {checked(SoaVerdict::adopted), {Reason::soa_adopted}},
        {checked(SoaVerdict::failed), {Reason::soa_failed}},
        {began(TransferCause::differences, TransferType::ixfr), {Reason::ixfr_chosen}},
        {began(TransferCause::own_history, TransferType::ixfr), {Reason::ixfr_own_history}},
        {began(TransferCause::foreign), {Reason::axfr_foreign}},
        {began(TransferCause::first), {Reason::axfr_first}},
        {began(TransferCause::expired), {Reason::axfr_expired}},
        {began(TransferCause::adopted), {Reason::axfr_adopted}},
        {began(TransferCause::ordered), {Reason::axfr_ordered}},
        {began(TransferCause::after_ixfr), {Reason::axfr_after_ixfr}},
        {TransferProgressed{}, {Reason::transfer_progress}},
        {ended(TransferType::ixfr, TransferType::ixfr), {Reason::transfer_finished}},
        {ended(TransferType::axfr, TransferType::axfr), {Reason::transfer_finished}},
        {ended(TransferType::ixfr, TransferType::axfr), {Reason::transfer_whole_for_ixfr}},
        {with([](TransferEnded& event) { event.up_to_date = true; }),
         {Reason::transfer_up_to_date}},
        {with([](TransferEnded& event) { event.unchanged = true; }), {Reason::transfer_unchanged}},
        {with([](TransferEnded& event) {
             event.left_out = 3;
             event.already_there = 1;
             event.not_authoritative = true;
         }),
         {Reason::transfer_finished, Reason::records_left_out, Reason::records_already_there,
          Reason::answer_not_authoritative}},
        {failed(Errc::rcode), {Reason::transfer_refused}},
        {failed(Errc::peer_unreachable), {Reason::transfer_unreachable}},
        {failed(Errc::network), {Reason::transfer_unreachable}},
        {failed(Errc::transfer_cut), {Reason::transfer_cut}},
        {failed(Errc::transfer_malformed), {Reason::transfer_malformed}},
        {failed(Errc::message_malformed), {Reason::transfer_malformed}},
        {failed(Errc::transfer_diverged), {Reason::transfer_diverged}},
        {failed(Errc::tsig_missing), {Reason::transfer_signature}},
        {failed(Errc::transfer_limit), {Reason::transfer_limit}},
        {failed(Errc::zone_policy), {Reason::transfer_policy}},
        {failed(Errc::disk_full), {Reason::transfer_local}},
        {NotifyAccepted{.from = kPrimary, .serial = dns::Serial{9}, .promises_newer = true},
         {Reason::notify_heard}},
        {NotifyAccepted{.from = kPrimary, .serial = dns::Serial{7}, .promises_newer = false},
         {Reason::notify_not_newer}},
        {NotifyTurnedAway{.from = kPrimary, .ignored = false, .reason = "r"},
         {Reason::notify_refused}},
        {NotifyTurnedAway{.from = kPrimary, .ignored = true, .reason = "r"},
         {Reason::notify_ignored}},
        {NotifyUnfound{}, {Reason::notify_unfound}},
        {VersionPublished{.version = version(9, {1})->version, .replaced = {}},
         {Reason::committed}},
        {RoundEnded{.error = {}, .next_check = {}}, {}},
        {RoundEnded{.error = Error{Errc::rcode, "REFUSED"}, .next_check = seconds{5}},
         {Reason::retry_scheduled}},
        {RoundEnded{.error = Error{Errc::zone_held, "serial 9 is held"}, .next_check = {}},
         {Reason::kept_back}},
        {RoundEnded{.error = Error{Errc::zone_frozen, "frozen"}, .next_check = {}},
         {Reason::kept_back}},
        {VersionHeld{.held = {.version = version(9, {1})->version,
                              .base = dns::Serial{8},
                              .since = {},
                              .source = {}}},
         {Reason::held}},
        {ZoneExpired{}, {Reason::expired}},
        {SourceLost{.unconfirmed = hours{9}}, {Reason::source_lost}},
    };
    for (const Row& row : rows) {
        std::vector<Reason> reasons;
        for (const Decision& decision :
             decisions_of(FollowerEvent{.zone = name("example.test."), .what = row.what})) {
            reasons.push_back(decision.reason);
        }
        CAPTURE(row.what.index(), row.expected.empty() ? "" : words_of(row.expected[0]).name);
        CHECK(reasons == row.expected);
    }
}

TEST_CASE("a failed transfer's line says why, and from where to where", "[service][why]") {
    TransferEnded event = failed(Errc::transfer_limit);
    event.from = dns::Serial{7};
    event.to = dns::Serial{9};
    event.messages = 2;
    event.bytes = 100;
    const std::vector<Decision> decisions =
        decisions_of(FollowerEvent{.zone = name("example.test."), .what = event});
    REQUIRE(decisions.size() == 1);
    CHECK(log_text(decisions[0]) ==
          "IXFR, incoming, remote 192.0.2.1@53, failed: why, serial 7 -> 9, 2 messages, 100 "
          "bytes, 0.00 s");
}

TEST_CASE("each end of a NOTIFY has its reason", "[service][why]") {
    using transfer::NotifyVerdict;
    struct Row {
        Announced::Stage stage;
        NotifyVerdict verdict;
        bool bad_signature;
        Reason expected;
    };
    const Row rows[] = {
        {Announced::Stage::sent, NotifyVerdict::delivered, false, Reason::peer_told},
        {Announced::Stage::unanswered, NotifyVerdict::delivered, false, Reason::peer_not_answering},
        {Announced::Stage::answered, NotifyVerdict::delivered, false, Reason::peer_acknowledged},
        {Announced::Stage::answered, NotifyVerdict::refused, false, Reason::peer_refuses_notify},
        {Announced::Stage::answered, NotifyVerdict::retrying, false, Reason::peer_postpones},
        {Announced::Stage::answered, NotifyVerdict::retrying, true, Reason::peer_answer_bad},
    };
    for (const Row& row : rows) {
        Announced announced{.stage = row.stage,
                            .zone = name("example.test."),
                            .remote = "ns2",
                            .endpoint = kPrimary,
                            .serial = dns::Serial{9},
                            .verdict = row.verdict,
                            .error = {}};
        if (row.bad_signature) {
            announced.error = Error{Errc::tsig_bad_signature, "BADSIG"};
        }
        CHECK(decision_of(announced).reason == row.expected);
    }
}

}  // namespace twinzone::service::test
