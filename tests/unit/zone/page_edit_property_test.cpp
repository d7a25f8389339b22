#include <algorithm>
#include <vector>

#include "common/zone/condense.h"
#include "common/zone/diff_pages.h"
#include "tests/support/catch.h"
#include "tests/unit/zone/generator.h"

namespace twinzone::zone::test {

namespace {

constexpr std::uint32_t kSeeds = 60;

}  // namespace

TEST_CASE("apply(diff(a, b), a) is b, whatever a and b are", "[zone][property]") {
    for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
        INFO("seed " << seed);
        Generator generator{seed};
        RecordList content = generator.zone(generator.number(1500));
        std::uint32_t serial = 1;
        Zone zone{soa(serial), content};
        check_zone(zone, content);
        for (int step = 0; step < 6; ++step) {
            RecordList next = generator.changed(content, generator.number(40));
            const Diff diff = diff_of(soa(serial), content, soa(serial + 1), next);
            ++serial;
            const Result<Applied> applied = zone.apply(diff);
            REQUIRE(applied);
            CHECK(applied->removed == diff.removed.size());
            CHECK(applied->added == diff.added.size());
            CHECK(applied->already_there == 0);
            CHECK_FALSE(applied->exact);
            check_zone(zone, next);
            content = std::move(next);
        }
    }
}

TEST_CASE("diffs applied one after the other to one overlay, or condensed to one, lead to the same",
          "[zone][property][R42]") {
    for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
        INFO("seed " << seed);
        Generator generator{1000 + seed};
        const RecordList start = generator.zone(generator.number(800));
        std::vector<Diff> chain;
        RecordList content = start;
        const std::uint32_t steps = 1 + generator.number(7);
        for (std::uint32_t serial = 1; serial <= steps; ++serial) {
            RecordList next = generator.changed(content, 1 + generator.number(60));
            chain.push_back(diff_of(soa(serial), content, soa(serial + 1), next));
            content = std::move(next);
        }
        Zone stepwise{soa(1), start};
        PageOverlay overlay{stepwise.table};
        for (const Diff& diff : chain) {
            REQUIRE(apply(diff, overlay, stepwise.version));
        }
        stepwise.table.write(overlay.changes());
        check_zone(stepwise, content);

        const Result<Diff> one = condense(chain);
        REQUIRE(one);
        const Diff shortest = diff_of(soa(1), start, soa(steps + 1), content);
        CHECK(same_records(one->removed, shortest.removed));
        CHECK(same_records(one->added, shortest.added));
        Zone at_once{soa(1), start};
        REQUIRE(at_once.apply(*one));
        check_zone(at_once, content);
        CHECK(at_once.version.digest == stepwise.version.digest);
    }
}

TEST_CASE("a difference and its pages lead back to each other", "[zone][property]") {
    for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
        INFO("seed " << seed);
        Generator generator{2000 + seed};
        const RecordList before = generator.zone(generator.number(1000));
        const RecordList after = generator.changed(before, generator.number(300));
        const Diff diff = diff_of(soa(7), before, soa(8), after);
        const Result<std::vector<Bytes>> pages = encode_diff_pages(diff);
        REQUIRE(pages);
        const Result<Diff> back = decode_diff_pages(*pages);
        REQUIRE(back);
        CHECK(same_rdata(back->from, diff.from));
        CHECK(same_rdata(back->to, diff.to));
        CHECK(same_records(back->removed, diff.removed));
        CHECK(same_records(back->added, diff.added));
    }
}

TEST_CASE("a damaged table gives an error or another zone, never a crash", "[zone][property]") {
    Generator generator{77};
    const RecordList content = generator.zone(600);
    const Zone whole{soa(1), content};
    const RecordList changed = generator.changed(content, 100);
    const Diff diff = diff_of(soa(1), content, soa(2), changed);
    for (int round = 0; round < 400; ++round) {
        Zone zone = whole;
        for (auto& [key, page] : zone.table.pages) {
            if (generator.one_in(2)) {
                continue;
            }
            // Every other time in the first records: what the walk finds its way by.
            const std::uint32_t within = generator.one_in(2) ? 60 : UINT32_MAX;
            page[generator.number(std::min(within, static_cast<std::uint32_t>(page.size())))] ^=
                static_cast<std::uint8_t>(1U << generator.number(8));
            if (generator.one_in(8)) {
                page.resize(generator.number(static_cast<std::uint32_t>(page.size())));
            }
        }
        const Result<Applied> applied = zone.apply(diff);
        if (!applied) {
            const Errc code = applied.error().code();
            CHECK((code == Errc::store_corrupt || code == Errc::transfer_diverged));
        }
    }
}

}  // namespace twinzone::zone::test
