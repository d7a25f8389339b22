// What new versions of catalogs mean for their members.
#include "common/zone/membership.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "tests/support/catch.h"
#include "tests/unit/zone/fixture.h"

namespace twinzone::zone {
namespace {

using test::name;
using Change = MemberChange;

constexpr std::int64_t kStart = 1'000'000;

class Configured final : public ConfiguredZones {
  public:
    [[nodiscard]] bool is_configured(const dns::Name& zone) const override {
        return names.contains(zone.to_text());
    }
    std::set<std::string> names;
};

CatalogMember listed(std::string_view zone, std::string_view id = "") {
    CatalogMember member;
    member.zone = name(zone);
    member.id = id.empty() ? zone : id;
    return member;
}

CatalogMember going(std::string_view zone, std::string_view to) {
    CatalogMember member = listed(zone);
    member.coo = std::make_shared<const dns::Name>(name(to));
    return member;
}

// Catalogs "a." and "b." and the events they lead to, as "change zone catalog".
struct Bench {
    explicit Bench(seconds grace = seconds{0}, std::optional<RemovalLimit> limit = {}) {
        book.configure({{.catalog = name("a."), .grace = grace, .limit = limit},
                        {.catalog = name("b."), .grace = grace, .limit = limit}},
                       configured, now);
    }

    std::vector<std::string> take(std::string_view catalog, std::vector<CatalogMember> members,
                                  std::string_view broken = "") {
        const MembershipBook::Outcome outcome = book.take(
            *book.place_of(name(catalog)),
            {.broken = std::string{broken}, .members = std::move(members), .primaries = {}},
            fmt::format("v{}", ++versions), configured, now);
        verdict = outcome.verdict;
        return told(outcome.events);
    }

    static std::vector<std::string> told(const std::vector<MemberEvent>& events) {
        constexpr std::array words{"added",   "changed", "reset",  "moved",
                                   "leaving", "back",    "removed"};
        std::vector<std::string> texts;
        texts.reserve(events.size());
        for (const MemberEvent& event : events) {
            texts.push_back(fmt::format("{} {} {}",
                                        words.at(static_cast<std::size_t>(event.change)),
                                        event.zone.to_text(), event.catalog.to_text()));
        }
        std::sort(texts.begin(), texts.end());
        return texts;
    }

    [[nodiscard]] std::string members() const {
        std::vector<std::string> texts;
        for (const auto& [zone, membership] : book.members()) {
            texts.push_back(zone.to_text() + (membership.leaves == UnixTime{} ? "" : "?"));
        }
        std::sort(texts.begin(), texts.end());
        std::string text;
        for (const std::string& each : texts) {
            text += (text.empty() ? "" : " ") + each;
        }
        return text;
    }

    MembershipBook book;
    Configured configured;
    UnixTime now{kStart};
    int versions = 0;
    CatalogVerdict verdict{};
};

using Told = std::vector<std::string>;

const Told kNothing;

TEST_CASE("zones come and go as a catalog lists them", "[membership]") {
    Bench bench;
    CHECK(bench.take("a.", {listed("x."), listed("y.")}) == Told{"added x. a.", "added y. a."});
    CHECK(bench.take("a.", {listed("x."), listed("y.")}) == kNothing);
    CHECK(bench.take("a.", {listed("y."), listed("z.")}) == Told{"added z. a.", "removed x. a."});
    CHECK(bench.members() == "y. z.");
}

TEST_CASE("a broken version leaves everything as it was", "[membership]") {
    Bench bench;
    bench.take("a.", {listed("x.")});
    CHECK(bench.take("a.", {}, "it has no version") == kNothing);
    CHECK(bench.verdict == CatalogVerdict::broken);
    CHECK(bench.members() == "x.");
    CHECK(bench.book.view(0).broken == "it has no version");
    CHECK(bench.take("a.", {listed("x."), listed("y.")}) == Told{"added y. a."});
    CHECK(bench.book.view(0).broken.empty());
}

TEST_CASE("another ID resets a member", "[membership]") {
    Bench bench;
    bench.take("a.", {listed("x.", "1")});
    CHECK(bench.take("a.", {listed("x.", "2")}) == Told{"reset x. a."});
    CHECK(bench.take("a.", {listed("x.", "2")}) == kNothing);
}

TEST_CASE("another group changes a member and resets nothing", "[membership]") {
    Bench bench;
    bench.take("a.", {listed("x.")});
    CatalogMember grouped = listed("x.");
    grouped.groups = {"g"};
    CHECK(bench.take("a.", {grouped}) == Told{"changed x. a."});
    CHECK(bench.book.find(name("x."))->member.groups == std::vector<std::string>{"g"});
}

TEST_CASE("primaries of the catalog are those of members that have none", "[membership]") {
    Bench bench;
    const CatalogPrimary one{.address = IpAddress::v4({192, 0, 2, 1}), .key = ""};
    const CatalogPrimary two{.address = IpAddress::v4({192, 0, 2, 2}), .key = "k."};
    CatalogMember own = listed("y.");
    own.primaries = {two};
    bench.book.take(0, {.broken = {}, .members = {listed("x."), own}, .primaries = {one}}, "v",
                    bench.configured, bench.now);
    CHECK(bench.book.find(name("x."))->member.primaries == std::vector{one});
    CHECK(bench.book.find(name("y."))->member.primaries == std::vector{two});
}

TEST_CASE("a removed member is served until its grace is over", "[membership]") {
    Bench bench{hours{1}};
    bench.take("a.", {listed("x."), listed("y.")});
    CHECK(bench.take("a.", {listed("y.")}) == Told{"leaving x. a."});
    CHECK(bench.members() == "x.? y.");
    REQUIRE(bench.book.next_time());
    CHECK(*bench.book.next_time() == UnixTime{kStart} + hours{1});
    CHECK(Bench::told(bench.book.handle_time(bench.configured, UnixTime{kStart + 3599})) ==
          kNothing);
    CHECK(Bench::told(bench.book.handle_time(bench.configured, UnixTime{kStart + 3600})) ==
          Told{"removed x. a."});
    CHECK(bench.members() == "y.");
    CHECK_FALSE(bench.book.next_time());
}

TEST_CASE("a member that is listed again within its grace stays", "[membership]") {
    Bench bench{hours{1}};
    bench.take("a.", {listed("x.", "1"), listed("y.", "1")});
    bench.take("a.", {});
    CHECK(bench.take("a.", {listed("x.", "1"), listed("y.", "2")}) ==
          Told{"back x. a.", "reset y. a."});
    CHECK(bench.book.handle_time(bench.configured, UnixTime{kStart + 7200}).empty());
    CHECK(bench.members() == "x. y.");
    // And once more: what was to happen the first time does not.
    bench.now = UnixTime{kStart + 3000};
    bench.take("a.", {listed("y.", "2")});
    CHECK(bench.book.handle_time(bench.configured, UnixTime{kStart + 3600}).empty());
    CHECK(bench.book.handle_time(bench.configured, UnixTime{kStart + 6600}).size() == 1);
}

TEST_CASE("a version that takes too many members away is held", "[membership]") {
    struct Row {
        const char* name = "";
        RemovalLimit limit;
        int removed = 0;  // of 10
        CatalogVerdict verdict{};
    };
    const Row rows[] = {
        {"a share that is not exceeded", {20, true}, 2, CatalogVerdict::applied},
        {"a share that is", {20, true}, 3, CatalogVerdict::held},
        {"a number that is not exceeded", {3, false}, 3, CatalogVerdict::applied},
        {"a number that is", {3, false}, 4, CatalogVerdict::held},
        {"none at all", {0, false}, 1, CatalogVerdict::held},
        {"all may go", {100, true}, 10, CatalogVerdict::applied},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            Bench bench{seconds{0}, row.limit};
            std::vector<CatalogMember> members;
            members.reserve(11);
            for (int i = 0; i < 10; ++i) {
                members.push_back(listed(fmt::format("z{}.", i)));
            }
            bench.take("a.", members);
            members.erase(members.begin(), members.begin() + row.removed);
            members.push_back(listed("new."));
            bench.take("a.", members);
            CHECK(bench.verdict == row.verdict);
            const bool is_held = row.verdict == CatalogVerdict::held;
            CHECK(bench.book.view(0).removals ==
                  static_cast<std::size_t>(is_held ? row.removed : 0));
            CHECK(bench.book.members().size() ==
                  static_cast<std::size_t>(is_held ? 10 : 11 - row.removed));
        }
    }
}

TEST_CASE("an operator has the last word on a held version", "[membership]") {
    Bench bench{seconds{0}, RemovalLimit{10, true}};
    bench.take("a.", {listed("x."), listed("y.")});
    CHECK_FALSE(bench.book.approve(0, bench.configured, bench.now));
    CHECK_FALSE(bench.book.reject(0));
    bench.take("a.", {listed("y."), listed("z.")});
    REQUIRE(bench.verdict == CatalogVerdict::held);
    SECTION("approved") {
        const auto events = bench.book.approve(0, bench.configured, bench.now);
        REQUIRE(events);
        CHECK(Bench::told(*events) == Told{"added z. a.", "removed x. a."});
        CHECK(bench.book.view(0).removals == 0);
    }
    SECTION("rejected") {
        CHECK(bench.book.reject(0));
        CHECK(bench.members() == "x. y.");
        CHECK(bench.book.view(0).is_rejected);
        --bench.versions;  // the same version once more: after a restart
        bench.take("a.", {listed("y."), listed("z.")});
        CHECK(bench.verdict == CatalogVerdict::rejected);
        bench.take("a.", {listed("x."), listed("y."), listed("z.")});
        CHECK(bench.members() == "x. y. z.");
        CHECK_FALSE(bench.book.view(0).is_rejected);
    }
    SECTION("another version takes its place") {
        bench.take("a.", {listed("x."), listed("y."), listed("w.")});
        CHECK(bench.verdict == CatalogVerdict::applied);
        CHECK(bench.members() == "w. x. y.");
    }
}

TEST_CASE("configured zones are never touched", "[membership]") {
    Bench bench;
    bench.configured.names = {"x."};
    CHECK(bench.take("a.", {listed("x."), listed("y.")}) == Told{"added y. a."});
    CHECK(bench.book.view(0).clash_count == 1);
    CHECK(bench.take("a.", {listed("y.")}) == kNothing);
    CHECK(bench.book.view(0).clash_count == 0);
}

TEST_CASE("a catalog is no member of another", "[membership]") {
    Bench bench;
    CHECK(bench.take("a.", {listed("b."), listed("a.")}) == kNothing);
    CHECK(bench.book.view(0).clash_count == 2);
}

TEST_CASE("a zone stays with the catalog that has it", "[membership]") {
    Bench bench;
    bench.take("a.", {listed("x.")});
    CHECK(bench.take("b.", {listed("x.")}) == kNothing);
    CHECK(bench.book.view(1).clash_count == 1);
    // RFC 9432 §5.3: state belongs to the catalog that loses it.
    CHECK(bench.take("a.", {}) == Told{"reset x. b."});
    CHECK(bench.book.view(1).clash_count == 0);
    CHECK(bench.book.view(0).members == 0);
    CHECK(bench.book.view(1).members == 1);
}

TEST_CASE("coo hands a zone over, in whatever order the two come", "[membership]") {
    struct Row {
        const char* name;
        const char* id;
        const char* event;
    };
    const Row rows[] = {{"with its ID all is kept", "x.", "moved x. b."},
                        {"with another it is reset", "2", "reset x. b."}};
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name << ": coo first") {
            Bench bench;
            bench.take("a.", {listed("x.")});
            CHECK(bench.take("a.", {going("x.", "b.")}) == Told{"changed x. a."});
            CHECK(bench.take("b.", {listed("x.", row.id)}) == Told{row.event});
            CHECK(bench.take("a.", {}) == kNothing);
            CHECK(bench.members() == "x.");
        }
        DYNAMIC_SECTION(row.name << ": coo last") {
            Bench bench;
            bench.take("a.", {listed("x.")});
            CHECK(bench.take("b.", {listed("x.", row.id)}) == kNothing);
            CHECK(bench.take("a.", {going("x.", "b.")}) == Told{row.event});
            CHECK(bench.take("a.", {going("x.", "b.")}) == kNothing);
            CHECK(bench.book.view(0).clash_count == 0);
        }
    }
}

TEST_CASE("coo to another catalog does not let a third take the zone", "[membership]") {
    Bench bench;
    bench.take("a.", {going("x.", "c.")});
    CHECK(bench.take("b.", {listed("x.")}) == kNothing);
    CHECK(bench.book.view(1).clash_count == 1);
}

TEST_CASE("what leaves one catalog may come by another at once", "[membership]") {
    Bench bench{hours{1}};
    bench.take("a.", {listed("x.")});
    bench.take("a.", {});
    CHECK(bench.take("b.", {listed("x.")}) == Told{"reset x. b."});
    CHECK(bench.book.handle_time(bench.configured, UnixTime{kStart + 7200}).empty());
}

TEST_CASE("members taken over by another catalog do not count as removed", "[membership]") {
    Bench bench{seconds{0}, RemovalLimit{0, false}};
    bench.take("a.", {listed("x.")});
    bench.take("b.", {listed("x.")});
    bench.take("a.", {});
    CHECK(bench.verdict == CatalogVerdict::applied);
}

TEST_CASE("a new configuration keeps members of catalogs that stay", "[membership]") {
    Bench bench{hours{1}};
    bench.take("a.", {listed("x."), listed("y."), listed("w.")});
    bench.take("a.", {listed("x."), listed("y.")});
    bench.take("b.", {listed("y."), listed("z.")});
    bench.configured.names = {"x."};
    CHECK(Bench::told(bench.book.configure({{.catalog = name("b.")}, {.catalog = name("c.")}},
                                           bench.configured, bench.now)) == Told{"added y. b."});
    CHECK(bench.members() == "y. z.");
    CHECK(bench.book.view(0).members == 2);
    // And back: what was listed there is not known any more until it is read.
    bench.configured.names.clear();
    bench.book.configure({{.catalog = name("a.")}, {.catalog = name("b.")}}, bench.configured,
                         bench.now);
    CHECK(bench.take("a.", {listed("x."), listed("y.")}) == Told{"added x. a."});
}

TEST_CASE("members outlive the process", "[membership]") {
    Bench bench{hours{1}, RemovalLimit{2, false}};
    CatalogMember all = going("x.", "b.");
    all.id = std::string{"\0 %,|", 5};
    all.groups = {"g,1", "h h"};
    all.primaries = {{.address = *IpAddress::from_text("2001:db8::1"), .key = "k1."}};
    bench.take("a.", {all, listed("we ird\\.name.test."), listed("y."), listed("z.")});
    bench.take("a.", {all, listed("we ird\\.name.test."), listed("z.")});
    bench.take("a.", {});
    REQUIRE(bench.verdict == CatalogVerdict::held);
    bench.book.reject(0);
    const std::string text = bench.book.to_text();

    Bench after{hours{1}, RemovalLimit{2, false}};
    REQUIRE(after.book.restore(text, after.configured));
    CHECK(after.members() == bench.members());
    CHECK(same_properties(after.book.find(name("x."))->member, all));
    CHECK(after.book.next_time() == bench.book.next_time());
    CHECK(after.book.view(0).members == 4);
    CHECK(after.book.view(0).leaving == 1);
    after.versions = bench.versions - 1;
    after.take("a.", {});
    CHECK(after.verdict == CatalogVerdict::rejected);
    CHECK(after.take("a.", {all, listed("z.", "another"), listed("y.")}) ==
          Told{"back y. a.", "leaving we\\032ird\\.name.test. a.", "reset z. a."});
}

TEST_CASE("what was kept and is damaged is not used", "[membership]") {
    Bench bench;
    bench.take("a.", {listed("x."), listed("y.")});
    const std::string text = bench.book.to_text();
    for (std::size_t cut = 0; cut < text.size(); cut += 7) {
        Bench after;
        const bool used =
            after.book.restore(std::string_view{text}.substr(0, cut), after.configured);
        CHECK((used || after.book.members().empty()));
    }
    Bench after;
    CHECK_FALSE(after.book.restore("something else\n", after.configured));
    CHECK_FALSE(after.book.restore(text + "member a.\n", after.configured));
    CHECK(after.book.members().empty());
}

TEST_CASE("ten thousand members come and go in time that is proportional", "[membership]") {
    Bench bench{hours{1}};
    std::vector<CatalogMember> members;
    members.reserve(10'000);
    for (int i = 0; i < 10'000; ++i) {
        members.push_back(listed(fmt::format("z{}.test.", i)));
    }
    CHECK(bench.take("a.", members).size() == 10'000);
    CHECK(bench.take("a.", {}).size() == 10'000);
    CHECK(bench.take("a.", members).size() == 10'000);
    CHECK(bench.take("a.", {}).size() == 10'000);
    CHECK(bench.book.handle_time(bench.configured, UnixTime{kStart + 3600}).size() == 10'000);
}

}  // namespace
}  // namespace twinzone::zone
