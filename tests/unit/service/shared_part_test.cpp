#include "common/service/shared_part.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/shared/schema.h"
#include "tests/support/catch.h"
#include "tests/support/memory_snapshot.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service {

namespace {

using shared::Rows;
using test::name;

// A part in the history of example.test.; the test is PostgreSQL.
class Bench : public test::StoreBench {
  public:
    Bench()
        : part({.holder = "ns1/1",
                .times = shared::lease_times(seconds{5}),
                .retention = {.max_versions = 10}},
               *store, intakes_,
               {.ours = [](const dns::Name& zone) { return std::optional{zone}; },
                .all = [] { return std::vector{name("example.test.")}; }}) {}

    // Waits there until it is answered; its text has `what`.
    [[nodiscard]] std::optional<AskHistory> asked(std::string_view what) {
        take_actions();
        const auto at = std::find_if(asked_.begin(), asked_.end(), [&](const AskHistory& each) {
            return each.statement.text.find(what) != std::string::npos;
        });
        if (at == asked_.end()) {
            return std::nullopt;
        }
        AskHistory found = std::move(*at);
        asked_.erase(at);
        return found;
    }
    void answer(std::string_view what, const Result<Rows>& rows, const std::string& state = {}) {
        const std::optional<AskHistory> question = asked(what);
        REQUIRE(question);
        part.handle_rows(now(), question->id, rows, state);
    }
    void lead() {
        part.handle_ready(now());
        answer("hold_lease", Rows{{"t", "7", "ns1/1", "0"}});
        answer("sequence >", Rows{});
        answer("sequence >", Rows{});  // what was there before the lease was
        if (asked("WITH place")) {
            FAIL("the history knows no zone yet, and there is none here");
        }
    }
    // By the store's writer, as from a file.
    void publish(const sim::StoredVersion& version) {
        auto records = std::make_unique<sim::ListStream>(version.records);
        zone::Commit commit;
        commit.zone = name("example.test.");
        const zone::ZoneState* state = store->find(commit.zone);
        commit.base = state != nullptr && state->version ? std::optional{state->version->serial()}
                                                         : std::nullopt;
        commit.change =
            zone::ReplaceWith{.soa = version.version.soa, .records = std::move(records)};
        store->submit(std::move(commit),
                      [](const Result<zone::Committed>& done) { REQUIRE(done); });
        pass(seconds{1});
    }
    void answer_commit(const Result<zone::Committed>& committed) {
        REQUIRE(commits() > 0);
        const SharedAskId id = commits_.front().id;
        commits_.pop_front();
        part.handle_committed(now(), id, committed);
    }
    std::size_t commits() {
        take_actions();
        return commits_.size();
    }

    test::ListIntakes intakes_;
    SharedPart part;

  private:
    void on_completion() override {}
    void take_actions() {
        while (std::optional<SharedAction> action = part.poll_action()) {
            if (auto* question = std::get_if<AskHistory>(&*action)) {
                asked_.push_back(std::move(*question));
            } else {
                commits_.push_back(std::move(std::get<CommitAgreed>(*action)));
            }
        }
    }

    std::deque<AskHistory> asked_;
    std::deque<CommitAgreed> commits_;
};

shared::Row position_row(std::int64_t head, std::int64_t place, std::int64_t number,
                         const zone::Version& to) {
    return {fmt::to_string(head),
            fmt::to_string(place),
            fmt::to_string(number),
            fmt::to_string(to.serial().value()),
            to.digest.to_text(),
            "t",
            "1",
            "0",
            "1",
            "100",
            "file"};
}

}  // namespace

TEST_CASE("who got the lease leads once it has what others wrote", "[service]") {
    Bench bench;
    bench.part.handle_ready(bench.now());
    bench.answer("hold_lease", Rows{{"t", "7", "ns1/1", "0"}});
    CHECK(bench.part.role() == SharedRole::catching_up);
    CHECK_FALSE(bench.part.leads(bench.now().instant));
    bench.answer("sequence >", Rows{});
    CHECK_FALSE(bench.part.leads(bench.now().instant));
    bench.answer("sequence >", Rows{});
    CHECK(bench.part.leads(bench.now().instant));
    CHECK_FALSE(bench.part.leads(bench.now().instant + seconds{3}));
}

TEST_CASE("who does not lead agrees to nothing, and names who does", "[service]") {
    Bench bench;
    bench.part.handle_ready(bench.now());
    bench.answer("hold_lease", Rows{{"f", "7", "ns2/9", "0"}});
    std::string said;
    bench.part.handle_agreement(bench.now(), StagePages{}, [&](const Result<std::int64_t>& answer) {
        REQUIRE_FALSE(answer);
        said = answer.error().detail();
    });
    CHECK(said == "ns2 leads the shared history");
    CHECK_FALSE(bench.asked("stage"));
}

TEST_CASE("an append that is refused for its token ends the lease at once", "[service]") {
    Bench bench;
    bench.lead();
    REQUIRE(bench.part.leads(bench.now().instant));
    bool refused = false;
    bench.part.handle_agreement(bench.now(), AppendEntries{},
                                [&](const Result<std::int64_t>& answer) { refused = !answer; });
    bench.answer("append", fail(Errc::internal, "the lease is not ours any more"),
                 std::string{shared::kNotTheLeader});
    CHECK(refused);
    CHECK_FALSE(bench.part.leads(bench.now().instant));
    CHECK(bench.part.role() == SharedRole::following);
}

TEST_CASE("nobody is caught up by an answer that never came", "[service]") {
    Bench bench;
    bench.part.handle_ready(bench.now());
    bench.answer("hold_lease", Rows{{"t", "7", "ns1/1", "4"}});
    bench.answer("sequence >", fail(Errc::internal, "out of memory"), "53200");
    CHECK_FALSE(bench.part.leads(bench.now().instant));
    CHECK_FALSE(bench.asked("sequence >"));
    bench.pass(seconds{2});
    bench.part.handle_time(bench.now());
    bench.answer("sequence >", Rows{});
    CHECK(bench.part.leads(bench.now().instant));
}

// It went back to the snapshot's version.
TEST_CASE("a version of our own that came meanwhile is not replaced by a snapshot", "[service]") {
    Bench bench;
    const auto first = test::version(1, {1});
    const auto second = test::version(2, {1, 2});
    bench.publish(*first);
    bench.part.handle_ready(bench.now());
    bench.part.put(name("example.test."));
    bench.answer("sequence >", Rows{});
    bench.answer("WITH place", Rows{position_row(2, 1, 2, second->version)});
    bench.answer("twinzone.snapshot", Rows{{shared::soa_text(second->version.soa), "2",
                                            second->version.digest.to_text(), "1", "0", "1"}});
    const auto third = test::version(3, {1, 2, 3});
    bench.publish(*third);
    bench.answer("FROM twinzone.page", Rows{{std::string{as_text(second->pages.front())}}});
    CHECK(bench.commits() == 0);
    CHECK(bench.asked("WITH place"));
}

// It went back to the snapshot's version, long after it had one that the history ends with.
TEST_CASE("what did not fit an older version takes nothing away from a newer one", "[service]") {
    Bench bench;
    const auto first = test::version(1, {1});
    const auto second = test::version(2, {1, 2});
    bench.publish(*first);
    bench.part.handle_ready(bench.now());
    bench.part.put(name("example.test."));
    bench.answer("sequence >", Rows{});
    shared::Row step = position_row(2, 1, 2, second->version);
    step[5] = std::string(1, 'f');
    bench.answer("WITH place", Rows{step});
    const Result<std::vector<Bytes>> pages =
        zone::encode_diff_pages(twinzone::test::diff(1, 2, {}, {}));
    REQUIRE(pages);
    bench.answer("JOIN twinzone.page", Rows{{std::string{as_text(pages->front())}}});
    bench.answer_commit(fail(Errc::transfer_diverged, "another was quicker"));
    bench.answer("WITH place", Rows{step});
    bench.publish(*second);
    bench.answer("twinzone.snapshot", Rows{{shared::soa_text(first->version.soa), "1",
                                            first->version.digest.to_text(), "1", "0", "0"}});
    shared::Row last(11);
    last[0] = fmt::to_string(2);
    last[1] = last[0];
    bench.answer("WITH place", Rows{last});
    CHECK_FALSE(bench.asked("twinzone.snapshot"));
    CHECK(bench.commits() == 0);
    CHECK(bench.part.zones_behind() == 0);
}

TEST_CASE("pages are staged in requests of bounded size, all in one blob", "[service]") {
    const auto version = test::version(1, {1});
    std::vector<store::Proposal> proposals(2);
    for (store::Proposal& proposal : proposals) {
        proposal.zone = name("example.test.");
        proposal.before = version->version;
        proposal.version = version->version;
        proposal.steps.assign(100, Bytes(16'000));
    }
    Agreement agreement{proposals};
    std::int64_t staged = 0;
    std::size_t requests = 0;
    for (; requests < 10; ++requests) {
        const std::optional<AgreementRequest> request = agreement.next();
        REQUIRE(request);
        const auto* pages = std::get_if<StagePages>(&*request);
        if (pages == nullptr) {
            break;
        }
        CHECK(pages->first == staged);
        CHECK(pages->blob == (requests == 0 ? std::nullopt : std::optional<std::int64_t>{5}));
        CHECK(pages->pages.size() * 16'000 < (1U << 20U) + 16'000);
        staged += static_cast<std::int64_t>(pages->pages.size());
        agreement.handle_answer(5);
    }
    CHECK(staged == 200);
    CHECK(requests == 4);
    agreement.handle_answer(9);
    CHECK_FALSE(agreement.next());
    CHECK(agreement.result());
}

TEST_CASE("without an answer nothing is agreed to", "[service]") {
    const auto version = test::version(1, {1});
    for (const int answers : {0, 1}) {
        CAPTURE(answers);
        std::vector<store::Proposal> proposals(1);
        proposals[0].version = version->version;
        proposals[0].content = sim::pages_of(*version);
        Agreement agreement{proposals};
        for (int i = 0; i < answers; ++i) {
            REQUIRE(agreement.next());
            agreement.handle_answer(5);
        }
        REQUIRE(agreement.next());
        agreement.handle_answer(fail(Errc::peer_unreachable, "lost"));
        CHECK_FALSE(agreement.next());
        CHECK_FALSE(agreement.result());
    }
}

}  // namespace twinzone::service
