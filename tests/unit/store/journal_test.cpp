// History: what is kept, what is trimmed, and the way from a serial to the version.
#include <fmt/format.h>

#include "common/zone/diff_pages.h"
#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

Model model_at(std::size_t step) {
    return {{"www", fmt::format("text {}", step)}};
}

// Fills the zone with serials[0] and goes on to each of the others by a difference.
void walk(StoreFixture& f, const dns::Name& zone, const std::vector<std::uint32_t>& serials) {
    REQUIRE(f.replace(zone, serials[0], model_at(0)));
    for (std::size_t i = 1; i < serials.size(); ++i) {
        const auto done = f.apply(
            zone, {diff_of(zone, serials[i - 1], model_at(i - 1), serials[i], model_at(i))});
        REQUIRE(done);
    }
}

}  // namespace

TEST_CASE("the way from a serial follows the order of commits, not of serials", "[store][R44]") {
    struct Row {
        const char* what;
        std::vector<std::uint32_t> serials;
        std::uint32_t from;
        const char* way;
    };
    const Row rows[] = {
        {"zero is a serial like others", {4294967295U, 0, 1}, 4294967295U, "4294967295>0 0>1"},
        {"from zero", {4294967295U, 0, 1}, 0, "0>1"},
        {"steps of half the circle",
         {0, 2147483648U, 0x7fffffffU, 5},
         0,
         "0>2147483648 2147483648>2147483647 2147483647>5"},
        {"back to the serial it came from", {1, 2, 1}, 2, "2>1"},
        {"the version's own serial, though a step left it before", {1, 2, 1}, 1, ""},
        {"the latest step from a serial that came twice", {1, 2, 1, 3}, 1, "1>3"},
        {"through a serial that came twice", {1, 2, 1, 3}, 2, "2>1 1>3"},
        {"a serial that was never there", {1, 2, 3}, 9, "none"},
        {"lower serials", {30, 20, 10}, 30, "30>20 20>10"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.what) {
            StoreFixture f;
            for (const dns::Name& zone : {name("example.test"), dns::Name{}}) {
                walk(f, zone, row.serials);
                CHECK(f.history(zone, row.from) == row.way);
            }
            f.reopen();
            CHECK(f.history(dns::Name{}, row.from) == row.way);
            CHECK(f.read(dns::Name{}) == model_at(row.serials.size() - 1));
        }
    }
}

TEST_CASE("all history is one way, and each of its steps can be read alone", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    walk(f, zone, {1, 2, 1, 3});
    const auto snapshot = f.snapshot(zone);
    const std::vector<zone::HistoryStep> steps = *snapshot->all_history();
    REQUIRE(steps.size() == 3);
    CHECK(steps[0].from.serial == dns::Serial{1});
    for (std::size_t i = 0; i < steps.size(); ++i) {
        zone::DiffReader reader{*snapshot->step_pages(steps.size() - 1 - i)};
        const std::optional<zone::Diff> diff = *reader.next();
        REQUIRE(diff);
        CHECK(diff->from.serial == steps[i].from.serial);
        CHECK(diff->to.serial == steps[i].to.serial);
        CHECK(diff->removed.size() == 1);
        CHECK_FALSE(reader.next()->has_value());
    }
    REQUIRE(f.replace(name("new.test"), 1, model_at(0)));
    CHECK(f.snapshot(name("new.test"))->all_history()->empty());
}

TEST_CASE("history keeps as many versions as configured", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    f.store->configure(zone, {.max_versions = 3});
    walk(f, zone, {1, 2, 3, 4, 5, 6});
    CHECK(f.history(zone, 2) == "none");
    CHECK(f.history(zone, 3) == "3>4 4>5 5>6");
    SECTION("fewer from the next commit on") {
        f.store->configure(zone, {.max_versions = 1});
        REQUIRE(f.apply(zone, {diff_of(zone, 6, model_at(5), 7, model_at(6))}));
        CHECK(f.history(zone, 5) == "none");
        CHECK(f.history(zone, 6) == "6>7");
    }
    SECTION("none") {
        f.store->configure(zone, {.max_versions = 0});
        REQUIRE(f.apply(zone, {diff_of(zone, 6, model_at(5), 7, model_at(6))}));
        CHECK(f.history(zone, 6) == "none");
        CHECK(f.read(zone) == model_at(6));
    }
    SECTION("more steps in one commit than are kept") {
        f.store->configure(zone, {.max_versions = 2});
        REQUIRE(f.apply(zone, {diff_of(zone, 6, model_at(5), 7, model_at(6)),
                               diff_of(zone, 7, model_at(6), 8, model_at(7)),
                               diff_of(zone, 8, model_at(7), 9, model_at(8))}));
        CHECK(f.history(zone, 6) == "none");
        CHECK(f.history(zone, 7) == "7>8 8>9");
    }
}

TEST_CASE("history keeps as many octets as configured", "[store][R7]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    f.store->configure(zone, {.max_bytes = 1000});
    walk(f, zone, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    const auto held = f.snapshot(zone);
    std::uint64_t kept = 0;
    std::uint32_t oldest = 10;
    while (oldest > 1 && held->history(dns::Serial{oldest - 1})->has_value()) {
        --oldest;
    }
    const auto steps = held->history(dns::Serial{oldest});
    for (const zone::HistoryStep& step : **steps) {
        kept += step.wire_bytes;
    }
    CHECK(oldest > 1);
    CHECK(oldest < 10);
    CHECK(kept <= 1000);
    CHECK(kept + (**steps)[0].wire_bytes > 1000);  // no more went than had to
    SECTION("a step that is larger than all of it leaves none") {
        const Model large = big_model(100, "quite a long text to fill a thousand octets");
        REQUIRE(f.replace(zone, 11, large));
        CHECK(f.history(zone, 10) == "none");
        CHECK(f.history(zone, 9) == "none");
    }
}

TEST_CASE("history by share of the zone leaves a small zone enough", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    std::vector<std::uint32_t> serials;
    for (std::uint32_t serial = 1; serial <= 50; ++serial) {
        serials.push_back(serial);
    }
    walk(f, zone, serials);
    CHECK(f.history(zone, 1) != "none");
}

TEST_CASE("what was trimmed leaves nothing behind", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    f.store->configure(zone, {.max_versions = 2});
    walk(f, zone, {1, 2, 3, 4, 5, 6, 7});
    CHECK(f.entries(Table::journal) == 4);  // two heads, two pages
    REQUIRE(f.drop(zone));
    CHECK(f.entries(Table::journal) == 0);
    CHECK(f.entries(Table::pages) == 0);
    CHECK(f.entries(Table::meta) == 1);
}

TEST_CASE("an added record that is there already is journaled as what it was", "[store]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    REQUIRE(f.replace(zone, 1, {{"www", "one"}}));
    const auto done = f.apply(zone, {diff_of(zone, 1, {}, 2, {{"www", "one"}, {"mail", "two"}})});
    REQUIRE(done);
    CHECK(done->already_there == 1);
    CHECK(done->added == 1);
    const auto held = f.snapshot(zone);
    CHECK((*held->history(dns::Serial{1}))->front().added == 1);
    CHECK(f.history(zone, 1) == "1>2");
}

}  // namespace twinzone::store::test
