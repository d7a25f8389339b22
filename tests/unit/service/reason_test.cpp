#include "common/service/reason.h"

#include <set>
#include <string>

#include "common/service/decision.h"
#include "tests/support/catch.h"

namespace twinzone::service::test {

namespace {

Reason reason_at(std::size_t index) {
    return static_cast<Reason>(index);
}

}  // namespace

TEST_CASE("every reason has a name of its own, a line for the log and a sentence", "[service]") {
    std::set<std::string_view> names;
    std::set<std::string_view> sentences;
    for (std::size_t i = 0; i < kReasons; ++i) {
        const ReasonWords& words = words_of(reason_at(i));
        CAPTURE(words.name);
        CHECK(names.insert(words.name).second);
        CHECK(sentences.insert(words.sentence).second);
        CHECK(words.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") ==
              std::string_view::npos);
        CHECK_FALSE(words.what.empty());
        CHECK(words.sentence.size() > 20);
        CHECK(words.sentence.back() != '.');
        CHECK(reason_from_name(words.name) == reason_at(i));
        CHECK_FALSE(log_text({.reason = reason_at(i)}).empty());
    }
    CHECK_FALSE(reason_from_name("whim"));
}

TEST_CASE("a decision's line names the transfer it is about", "[service]") {
    Decision decision{.reason = Reason::transfer_finished, .transfer = TransferLabel::ixfr};
    decision.facts.remote = "192.0.2.1@53";
    decision.facts.from = dns::Serial{7};
    decision.facts.to = dns::Serial{9};
    decision.facts.added = 3;
    decision.facts.removed = 2;
    decision.facts.messages = 1;
    decision.facts.bytes = 212;
    CHECK(log_text(decision) ==
          "IXFR, incoming, remote 192.0.2.1@53, finished, serial 7 -> 9, +3 -2 records, 1 "
          "messages, 212 bytes, 0.00 s");
    decision.transfer = TransferLabel::axfr_style_ixfr;
    CHECK(log_text(decision).starts_with("AXFR-style IXFR, incoming, "));
}

}  // namespace twinzone::service::test
