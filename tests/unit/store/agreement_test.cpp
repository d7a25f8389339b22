// Versions that others must agree to before they are committed.

#include "common/store/agreement.h"

#include <utility>

#include "common/store/plan.h"
#include "common/zone/diff_pages.h"
#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

const dns::Name& zone_name() {
    static const dns::Name name = test::name("example.test");
    return name;
}

// What was asked, and what is answered to it.
struct Asked {
    struct Version {
        std::optional<std::uint32_t> from;
        std::uint32_t to = 0;
        std::size_t steps = 0;  // pages
        std::uint64_t content_bytes = 0;
    };

    std::vector<Version> versions;
    std::size_t calls = 0;
    std::size_t refusals = 0;  // of the next calls

    Result<void> answer(std::span<Proposal> proposals) {
        ++calls;
        if (refusals > 0) {
            --refusals;
            return fail(Errc::peer_unreachable, "not agreed to");
        }
        for (Proposal& proposal : proposals) {
            Version version;
            if (proposal.before) {
                version.from = proposal.before->serial().value();
            }
            version.to = proposal.version.serial().value();
            version.steps = proposal.steps.size();
            for (auto page = proposal.content->next(); page && *page;
                 page = proposal.content->next()) {
                version.content_bytes += (*page)->size();
            }
            CHECK(version.content_bytes == proposal.version.wire_bytes);
            versions.push_back(version);
        }
        return {};
    }
};

struct AskingStore : StoreFixture {
    AskingStore() {
        close();
        options.agree = [this](std::span<Proposal> proposals) { return asked.answer(proposals); };
        open();
    }
    ~AskingStore() { close(); }
    AskingStore(const AskingStore&) = delete;
    AskingStore& operator=(const AskingStore&) = delete;

    Result<zone::Committed> put(std::uint32_t new_serial, const Model& model, bool shared = true) {
        zone::Commit work = frame(zone_name());
        work.change = zone::ReplaceWith{soa(zone_name(), new_serial),
                                        stream_of(zone_name(), model, options.directory)};
        work.shared = shared;
        return commit(std::move(work));
    }

    Asked asked;
};

}  // namespace

TEST_CASE("a shared version is proposed as it will be, and others are not", "[store]") {
    AskingStore f;
    Model model = big_model(100);
    REQUIRE(f.put(1, model));
    model["one-more"].assign(1, 'x');
    REQUIRE(f.put(2, model));
    REQUIRE(f.put(3, model));  // the serial alone
    REQUIRE(f.put(3, model));  // nothing at all
    model["another"].assign(1, 'x');
    REQUIRE(f.put(4, model, false));
    REQUIRE(f.asked.versions.size() == 3);
    CHECK_FALSE(f.asked.versions[0].from);
    CHECK(f.asked.versions[0].steps == 0);
    CHECK(f.asked.versions[1].from == 1U);
    CHECK(f.asked.versions[1].to == 2);
    CHECK(f.asked.versions[1].steps == 1);
    CHECK(f.asked.versions[2].from == 2U);
    CHECK(f.asked.versions[2].to == 3);
    CHECK(f.history(zone_name(), 1) == "1>2 2>3 3>4");
}

TEST_CASE("a version without agreement is not there, now or after a restart", "[store]") {
    AskingStore f;
    Model model = big_model(100);
    REQUIRE(f.put(1, model));
    model["one-more"].assign(1, 'x');
    f.asked.refusals = 1;
    const Result<zone::Committed> refused = f.put(2, model);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().detail() == "not agreed to");
    CHECK(f.serial(zone_name()) == 1U);
    f.reopen();
    CHECK(f.serial(zone_name()) == 1U);
    REQUIRE(f.put(2, model));
    CHECK(f.read(zone_name()) == model);
}

TEST_CASE("content of several transactions is proposed with the last", "[store]") {
    AskingStore f;
    Model model = big_model(90'000, std::string(200, 'x'));
    f.asked.refusals = 1;
    REQUIRE_FALSE(f.put(1, model));
    CHECK_FALSE(f.serial(zone_name()));
    REQUIRE(f.put(1, model));
    REQUIRE(f.asked.versions.size() == 1);
    CHECK(f.asked.versions[0].content_bytes > kGroupedContentBytes);
    CHECK(f.asked.versions[0].steps == 0);
    for (auto& [owner, text] : model) {
        text = owner.back() == '0' ? owner : text;
    }
    REQUIRE(f.put(2, model));
    REQUIRE(f.asked.versions.size() == 2);
    CHECK(f.asked.versions[1].from == 1U);
    CHECK(f.asked.versions[1].steps > 1);
    CHECK(f.read(zone_name()) == model);
}

TEST_CASE("of a group that is refused the others go in", "[store]") {
    AskingStore f;
    const Model model = big_model(10);
    f.asked.refusals = 2;
    std::size_t failed = 0;
    std::size_t done = 0;
    const auto count = [&](const Result<zone::Committed>& result) { ++(result ? done : failed); };
    for (const bool shared : {true, false}) {
        zone::Commit work = f.frame(zone_name());
        work.zone = name(shared ? "a.test" : "b.test");
        work.base = std::nullopt;
        work.change =
            zone::ReplaceWith{soa(work.zone, 1), stream_of(work.zone, model, f.options.directory)};
        work.shared = shared;
        f.store->submit(std::move(work), count);
    }
    f.store->drain();
    CHECK((done == 1 || f.asked.calls == 1));
    CHECK(f.serial(name("b.test")) == 1U);
    CHECK(failed + done == 2);
}

TEST_CASE("a version that the guard holds is proposed once it is approved", "[store]") {
    AskingStore f;
    REQUIRE(f.put(1, big_model(100)));
    zone::Commit work = f.frame(zone_name());
    work.change = zone::ReplaceWith{soa(zone_name(), 2),
                                    stream_of(zone_name(), big_model(20), f.options.directory)};
    work.guard = zone::GuardLimits{.max_delete_percent = 50, .min_records = 10};
    work.shared = true;
    const Result<zone::Committed> held = f.commit(std::move(work));
    REQUIRE(held);
    REQUIRE(held->held);
    CHECK(f.asked.versions.size() == 1);
    zone::Commit approved = f.frame(zone_name());
    approved.change = zone::PublishHeld{.serial = dns::Serial{2}};
    approved.shared = true;
    const Result<zone::Committed> published = f.commit(std::move(approved));
    REQUIRE(published);
    REQUIRE(f.asked.versions.size() == 2);
    CHECK(f.asked.versions[1].from == 1U);
    CHECK(f.asked.versions[1].to == 2);
}

}  // namespace twinzone::store::test
