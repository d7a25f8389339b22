// Any sequence of commits leaves the store as the same sequence leaves a map in memory.
#include <fmt/format.h>
#include <rapidcheck.h>

#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

struct ModelZone {
    std::uint32_t serial = 0;
    Model content;
    std::vector<std::uint32_t> serials;  // of versions that history must still lead from
};

Model draw_content(const Model& before) {
    Model content = before;
    for (int i = 0; i < *rc::gen::inRange(0, 30); ++i) {
        const std::string owner = fmt::format("n{}", *rc::gen::inRange(0, 60));
        if (*rc::gen::inRange(0, 3) == 0) {
            content.erase(owner);
        } else {
            content[owner] = std::string(*rc::gen::inRange<std::size_t>(0, 250), 'x') +
                             fmt::format("{}", *rc::gen::inRange(0, 5));
        }
    }
    return content;
}

void step(StoreFixture& f, const dns::Name& zone, ModelZone& model) {
    const bool known = f.serial(zone).has_value();
    const int kind = *rc::gen::inRange(0, 20);
    if (kind == 0) {
        RC_ASSERT(f.drop(zone).has_value());
        model = ModelZone{};
        return;
    }
    if (kind == 1) {
        f.reopen();
        return;
    }
    const Model content = draw_content(model.content);
    const std::uint32_t serial = model.serial + 1;
    const bool by_diff = known && kind < 12;
    if (by_diff) {
        RC_ASSERT(f.apply(zone, {diff_of(zone, model.serial, model.content, serial, content)})
                      .has_value());
    } else {
        const auto done = f.replace(zone, serial, content);
        RC_ASSERT(done.has_value());
    }
    if (known && f.history(zone, model.serial) == "none") {
        RC_ASSERT(!by_diff);  // only whole content may cut history
        model.serials.clear();
    } else if (known) {
        model.serials.push_back(model.serial);
    }
    model.serial = serial;
    model.content = content;
}

void check(StoreFixture& f, const dns::Name& zone, const ModelZone& model) {
    RC_ASSERT(f.serial(zone).value_or(0) == model.serial);
    if (model.serial == 0) {
        return;
    }
    RC_ASSERT(f.read(zone) == model.content);
    for (const std::uint32_t from : model.serials) {
        RC_ASSERT(f.history(zone, from) != "none");
    }
}

}  // namespace

TEST_CASE("the store is what a map in memory is after the same commits", "[store]") {
    const bool holds = rc::check([] {
        StoreFixture f;
        const std::array<dns::Name, 3> zones{name("a.test"), name("sub.a.test"), dns::Name{}};
        std::array<ModelZone, 3> models;
        const int steps = *rc::gen::inRange(1, 12);
        for (int i = 0; i < steps; ++i) {
            const auto at = *rc::gen::inRange<std::size_t>(0, zones.size());
            step(f, zones.at(at), models.at(at));
        }
        for (std::size_t i = 0; i < zones.size(); ++i) {
            check(f, zones.at(i), models.at(i));
        }
    });
    CHECK(holds);
}

}  // namespace twinzone::store::test
