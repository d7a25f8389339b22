#include "common/transfer/due_queue.h"

#include <map>

#include "common/base/random.h"
#include "tests/support/catch.h"

namespace twinzone::transfer {

namespace {

Instant at(std::int64_t ms) {
    return Instant{milliseconds{ms}};
}

}  // namespace

TEST_CASE("a due queue gives items by time and not before it", "[transfer]") {
    DueQueue queue;
    queue.set(7, at(30));
    queue.set(2, at(10));
    queue.set(9, at(-5));  // before the clock's start
    CHECK(queue.next() == at(-5));
    CHECK_FALSE(queue.pop_due(at(-6)));
    CHECK(queue.pop_due(at(10)) == 9U);
    CHECK(queue.pop_due(at(10)) == 2U);
    CHECK_FALSE(queue.pop_due(at(10)));
    CHECK(queue.contains(7));
    CHECK(queue.due(7) == at(30));
    queue.set(7, at(5));  // moved
    CHECK(queue.pop_due(at(10)) == 7U);
    CHECK_FALSE(queue.next());
    queue.erase(7);
    queue.erase(1000);
    CHECK_FALSE(queue.contains(1000));
}

TEST_CASE("a due queue agrees with a sorted map under any changes", "[transfer]") {
    Random random{1};
    DueQueue queue;
    std::map<std::uint32_t, Instant> model;
    for (int step = 0; step < 20'000; ++step) {
        const auto item = static_cast<std::uint32_t>(random.below(300));
        const Instant due = at(static_cast<std::int64_t>(random.below(1000)));
        if (random.below(4) == 0) {
            queue.erase(item);
            model.erase(item);
        } else if (random.below(5) == 0) {
            const std::optional<std::uint32_t> popped = queue.pop_due(due);
            Instant least = due + milliseconds{1};
            for (const auto& [known, when] : model) {
                least = std::min(least, when);
            }
            REQUIRE(popped.has_value() == (least <= due));
            if (popped) {
                REQUIRE(model.at(*popped) == least);
                model.erase(*popped);
            }
        } else {
            queue.set(item, due);
            model[item] = due;
        }
        REQUIRE(queue.size() == model.size());
        REQUIRE(queue.contains(item) == model.contains(item));
    }
}

}  // namespace twinzone::transfer
