// What the follower does about a primary that has other content under the serial that is held.

#include <fmt/format.h>

#include "common/service/digest_option.h"
#include "tests/support/catch.h"
#include "tests/unit/service/service_fixture.h"

namespace twinzone::service::test {

namespace {

constexpr std::string_view kNs1 = "192.0.2.1@853";
constexpr std::string_view kNs2 = "192.0.2.2@853";

config::RemotePtr over_tls(std::string_view name, std::string_view at) {
    config::Remote out = *remote(name, at);
    out.tls = std::make_shared<config::Tls>();
    return std::make_shared<config::Remote>(std::move(out));
}

// Holds serial 5 with hosts 1 and 2; follows ns1, then ns2, both over TLS.
class DigestBench : public FollowerBench {
  public:
    DigestBench() {
        zone.edit().primaries = {over_tls("ns1", kNs1), over_tls("ns2", kNs2)};
        hold(*ours);
        follow();
    }

    Ask next(dns::RrType type, std::string_view at) {
        const std::optional<Ask> question = asked(hours{1});
        REQUIRE(question);
        CHECK(type_of(*question) == type);
        CHECK(question->to.to_text() == at);
        return *question;
    }

    // The primary's next check is answered with serial 5 and this digest.
    void tell(std::string_view at, std::optional<zone::Digest> digest) {
        const Ask question = next(dns::RrType::soa, at);
        dns::Message message = *dns::Message::parse(answer(question.message, {soa(5).record()}));
        message.edns.emplace();
        if (digest) {
            set_digest(*message.edns, *digest);
        }
        reply(question, message.to_wire());
    }

    void transfer(std::string_view at, const sim::StoredVersion& content) {
        reply(next(dns::RrType::axfr, at), full(content));
        pass(seconds{1});
    }

    [[nodiscard]] zone::Digest held() const { return store->served(zone.name)->version.digest; }

    std::vector<DigestOutcome> outcomes() {
        std::vector<DigestOutcome> out;
        for (const DigestCompared& each : take<DigestCompared>()) {
            out.push_back(each.outcome);
        }
        return out;
    }

    std::shared_ptr<sim::StoredVersion> ours = version(5, {1, 2});
    std::shared_ptr<sim::StoredVersion> other = version(5, {1, 3});
    std::shared_ptr<sim::StoredVersion> third = version(5, {4});
};

using Outcomes = std::vector<DigestOutcome>;

}  // namespace

TEST_CASE("only a question that proves who asks wants the digest", "[service][digest]") {
    const auto asks = [](const Ask& question) {
        return asks_digest(*dns::Message::parse(question.message)->edns);
    };
    DigestBench proved;
    CHECK(asks(proved.next(dns::RrType::soa, kNs1)));
    FollowerBench plain;
    plain.hold(*version(5, {1}));
    plain.follow();
    CHECK_FALSE(asks(*plain.asked(hours{1})));
}

TEST_CASE("the same digest confirms what is held", "[service][digest]") {
    DigestBench bench;
    bench.tell(kNs1, bench.ours->version.digest);
    bench.tell(kNs2, bench.ours->version.digest);
    CHECK(bench.outcomes() == Outcomes{DigestOutcome::same, DigestOutcome::same});
    CHECK(bench.take<TransferBegan>().empty());
    CHECK(bench.view().last_error.empty());
}

TEST_CASE("other content under the same serial is fetched whole and published",
          "[service][digest]") {
    DigestBench bench;
    bench.tell(kNs1, bench.other->version.digest);
    bench.transfer(kNs1, *bench.other);
    CHECK(bench.held() == bench.other->version.digest);
    CHECK(bench.take<VersionPublished>().size() == 1);
    CHECK(bench.take<TransferBegan>().front().cause == TransferCause::differs);
    bench.tell(kNs1, bench.other->version.digest);
    CHECK(bench.outcomes() == Outcomes{DigestOutcome::differs, DigestOutcome::same});
    CHECK(bench.follower->invariants_hold());
}

TEST_CASE("a transfer that brings other than the primary tells is not repeated",
          "[service][digest]") {
    DigestBench bench;
    bench.tell(kNs1, bench.other->version.digest);
    bench.transfer(kNs1, *bench.ours);
    for (int i = 0; i < 3; ++i) {
        bench.tell(kNs1, bench.other->version.digest);
        bench.tell(kNs2, std::nullopt);
    }
    CHECK(bench.outcomes() == Outcomes{DigestOutcome::differs, DigestOutcome::kept});
    CHECK(bench.view().other_content.find("192.0.2.1@853 has other content under serial 5") == 0);
    bench.tell(kNs1, bench.third->version.digest);  // moved on under its serial
    bench.transfer(kNs1, *bench.third);
    CHECK(bench.held() == bench.third->version.digest);
    CHECK(bench.view().other_content.empty());
}

TEST_CASE("a transfer that fails is tried again", "[service][digest]") {
    DigestBench bench;
    bench.tell(kNs1, bench.other->version.digest);
    bench.cut(bench.next(dns::RrType::axfr, kNs1));
    bench.tell(kNs2, std::nullopt);
    bench.tell(kNs1, bench.other->version.digest);
    bench.transfer(kNs1, *bench.other);
    CHECK(bench.held() == bench.other->version.digest);
}

TEST_CASE("what the first primary holds is kept against a later one", "[service][digest]") {
    for (const bool first_tells : {true, false}) {
        DigestBench bench;
        for (int i = 0; i < 2; ++i) {
            bench.tell(kNs1,
                       first_tells ? std::optional{bench.ours->version.digest} : std::nullopt);
            bench.tell(kNs2, bench.other->version.digest);
        }
        CHECK(bench.take<TransferBegan>().empty());
        const std::vector<DigestCompared> told = bench.take<DigestCompared>();
        REQUIRE_FALSE(told.empty());
        const auto kept = std::count_if(told.begin(), told.end(), [](const DigestCompared& each) {
            return each.outcome == DigestOutcome::kept && each.preferred == kNs1;
        });
        CHECK(kept == 1);
        CHECK(bench.view().other_content.find("192.0.2.2@853 has other content") == 0);
        CHECK(bench.view().last_error.empty());
    }
}

TEST_CASE("two primaries that disagree cause one transfer each", "[service][digest]") {
    DigestBench bench;
    // ns1 is away: ns2 is believed.
    bench.cut(bench.next(dns::RrType::soa, kNs1));
    bench.tell(kNs2, bench.other->version.digest);
    bench.transfer(kNs2, *bench.other);
    CHECK(bench.held() == bench.other->version.digest);
    // ns1 is back, and comes first.
    bench.tell(kNs1, bench.third->version.digest);
    bench.transfer(kNs1, *bench.third);
    CHECK(bench.held() == bench.third->version.digest);
    for (int i = 0; i < 3; ++i) {
        bench.tell(kNs1, bench.third->version.digest);
        bench.tell(kNs2, bench.other->version.digest);
    }
    CHECK(bench.take<TransferBegan>().size() == 2);
}

TEST_CASE("a frozen zone takes no other content", "[service][digest]") {
    DigestBench bench;
    zone::Commit commit;
    commit.zone = bench.zone.name;
    commit.change = zone::SetFrozen{.frozen = true};
    commit.now = bench.now().unix;
    bench.store->submit(std::move(commit),
                        [](const Result<zone::Committed>& done) { CHECK(done); });
    bench.pass(seconds{1});
    bench.tell(kNs1, bench.other->version.digest);
    bench.pass(seconds{1});
    CHECK(bench.take<TransferBegan>().empty());
}

TEST_CASE("the option reads back as written, and nothing else for it", "[service][digest]") {
    const zone::Digest digest{0x0123456789abcdefULL, 0xfedcba9876543210ULL};
    dns::Edns edns;
    set_digest(edns, digest);
    CHECK(edns.options.front().value == Bytes{0x01, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                              0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10});
    CHECK(digest_in(edns) == digest);
    CHECK_FALSE(asks_digest(edns));
    for (std::size_t size = 0; size < 17; ++size) {
        edns.options.front().value.resize(size, 1);
        CHECK_FALSE(digest_in(edns));
    }
    edns.options.front().value = Bytes(17, 2);  // another form
    CHECK_FALSE(digest_in(edns));
    CHECK_FALSE(digest_in(dns::Edns{}));
}

}  // namespace twinzone::service::test
