#include "secondary/soa_survey.h"

#include <deque>

#include <fmt/format.h>

#include "common/dns/message.h"
#include "tests/support/catch.h"
#include "tests/support/records.h"

namespace twinzone::secondary {
namespace {

namespace t = twinzone::test;

// example.test. and what its primaries, numbered from 1, are asked and answer.
class Survey {
  public:
    void add(std::optional<std::uint32_t> ours, unsigned primaries = 1,
             config::OnLowerSerial policy = config::OnLowerSerial::refuse) {
        config::Zone zone;
        zone.name = t::apex();
        zone.edit().on_lower_serial = policy;
        for (unsigned i = 1; i <= primaries; ++i) {
            const Endpoint at = *Endpoint::from_text(fmt::format("192.0.2.{}", i), 53);
            zone.edit().primaries.push_back(std::make_shared<const config::Remote>(config::Remote{
                .name = at.to_text(), .addresses = {at}, .key = nullptr, .tls = nullptr}));
        }
        survey_.add(zone, ours ? std::optional{dns::Serial{*ours}} : std::nullopt);
        poll();
    }

    // "192.0.2.1 udp", the oldest question that is not answered.
    [[nodiscard]] std::string asked() const {
        return asked_.empty()
                   ? ""
                   : fmt::format(
                         "{} {}", asked_.front().to.address.to_text(),
                         asked_.front().transport == service::Transport::udp ? "udp" : "tcp");
    }
    [[nodiscard]] std::size_t questions() const { return asked_.size(); }

    // The oldest question is answered.
    void serial(std::uint32_t serial) {
        respond([serial](dns::Message& answer) { answer.answer = {t::soa(serial)}; });
    }
    void rcode(dns::Rcode rcode) {
        respond([rcode](dns::Message& answer) {
            answer.header.rcode = rcode;
            answer.edns.reset();
        });
    }
    void truncated() {
        respond([](dns::Message& answer) { answer.header.tc = true; });
    }
    void silence() {
        now_.instant = *survey_.next_timeout();
        survey_.handle_timeout(now_);
        asked_.clear();
        poll();
    }
    void refused_connection() {
        const service::Ask question = asked_.front();
        asked_.pop_front();
        survey_.handle_failure(now_, question.attempt, Error{Errc::network, "refused"});
        poll();
    }

    // "9", or "failed: why", with what was tried.
    [[nodiscard]] std::string outcome() {
        const std::optional<SoaSurvey::Answer> answer = survey_.poll_answer();
        if (!answer) {
            return "none yet";
        }
        std::string text = answer->error ? fmt::format("failed: {}", answer->error->detail())
                                         : fmt::format("{}", answer->theirs->value());
        for (const Tried& tried : answer->tried) {
            text += fmt::format("; {}: {}", tried.remote, tried.what);
        }
        return text;
    }
    [[nodiscard]] bool done() const { return survey_.done(); }

  private:
    template <class Change>
    void respond(Change change) {
        const service::Ask question = asked_.front();
        asked_.pop_front();
        dns::Message answer = *dns::Message::parse(question.message);
        answer.header.qr = true;
        answer.header.aa = true;
        change(answer);
        Bytes wire = answer.to_wire();
        survey_.handle_message(now_, question.attempt, wire);
        poll();
    }

    void poll() {
        while (const std::optional<service::FollowerAction> action = survey_.poll_action(now_)) {
            if (const auto* question = std::get_if<service::Ask>(&*action)) {
                asked_.push_back(*question);
            }
        }
    }

    SoaSurvey survey_{1};
    Now now_{Instant{seconds{1}}, UnixTime{1'800'000'000}};
    std::deque<service::Ask> asked_;
};

TEST_CASE("a survey takes the first usable answer", "[sync]") {
    Survey survey;
    survey.add(7, 2);
    CHECK(survey.asked() == "192.0.2.1 udp");
    survey.serial(9);
    CHECK(survey.outcome() == "9");
    CHECK(survey.done());
}

TEST_CASE("a survey judges serials as a sync does", "[sync]") {
    struct Row {
        const char* name = "";
        std::optional<std::uint32_t> ours;
        std::uint32_t theirs = 0;
        config::OnLowerSerial policy{};
        const char* outcome = "";
    };
    using config::OnLowerSerial;
    const Row rows[] = {
        {"none here", {}, 3, OnLowerSerial::refuse, "3"},
        {"equal", 3, 3, OnLowerSerial::refuse, "3"},
        {"newer over 2^32", 4294967295, 1, OnLowerSerial::refuse, "1"},
        {"older", 5, 4, OnLowerSerial::refuse,
         "failed: 192.0.2.1@53: has serial 4, older than ours 5: refused by on-lower-serial; "
         "192.0.2.1@53: has serial 4, older than ours 5: refused by on-lower-serial"},
        {"older, adopted", 5, 4, OnLowerSerial::adopt, "4"},
        {"incomparable", 0, 2147483648, OnLowerSerial::refuse,
         "failed: 192.0.2.1@53: has serial 2147483648, incomparable with ours 0: refused by "
         "on-lower-serial; 192.0.2.1@53: has serial 2147483648, incomparable with ours 0: refused "
         "by on-lower-serial"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            Survey survey;
            survey.add(row.ours, 1, row.policy);
            survey.serial(row.theirs);
            CHECK(survey.outcome() == row.outcome);
        }
    }
}

TEST_CASE("a survey asks twice by UDP, once by TCP, then the next primary", "[sync]") {
    Survey survey;
    survey.add(7, 2);
    survey.silence();
    CHECK(survey.asked() == "192.0.2.1 udp");
    survey.silence();
    CHECK(survey.asked() == "192.0.2.1 tcp");
    survey.refused_connection();
    CHECK(survey.asked() == "192.0.2.2 udp");
    survey.serial(8);
    CHECK(survey.outcome() == "8; 192.0.2.1@53: refused");
}

TEST_CASE("a primary that was silent is not waited for by the next zone", "[sync]") {
    Survey survey;
    survey.add(7);
    survey.silence();
    survey.silence();
    survey.silence();
    CHECK(survey.outcome() ==
          "failed: 192.0.2.1@53: no answer to the SOA query; "
          "192.0.2.1@53: no answer to the SOA query");
    survey.add(7);
    CHECK(survey.questions() == 0);
    CHECK(survey.outcome().starts_with("failed: 192.0.2.1@53: does not answer for any zone"));
    CHECK(survey.done());
}

TEST_CASE("a survey goes without EDNS and over TCP where it has to", "[sync]") {
    Survey survey;
    survey.add(7);
    survey.rcode(dns::Rcode::form_err);
    CHECK(survey.asked() == "192.0.2.1 udp");
    survey.truncated();
    CHECK(survey.asked() == "192.0.2.1 tcp");
    survey.serial(7);
    CHECK(survey.outcome() == "7");
}

TEST_CASE("a refusal leads to the next primary, and is told", "[sync]") {
    Survey survey;
    survey.add(7, 2);
    survey.rcode(dns::Rcode::refused);
    survey.rcode(dns::Rcode::not_auth);
    CHECK(survey.outcome() ==
          "failed: 192.0.2.2@53: SOA query answered with NOTAUTH; "
          "192.0.2.1@53: SOA query answered with REFUSED; "
          "192.0.2.2@53: SOA query answered with NOTAUTH");
}

TEST_CASE("a survey of very many zones asks few at a time", "[sync]") {
    Survey survey;
    for (int i = 0; i < 1000; ++i) {
        survey.add(7);
    }
    CHECK(survey.questions() == 64);
    std::size_t answers = 0;
    while (survey.questions() > 0) {
        survey.serial(7);
        answers += survey.outcome() == "7" ? 1 : 0;
    }
    CHECK(answers == 1000);
    CHECK(survey.done());
}

}  // namespace
}  // namespace twinzone::secondary
