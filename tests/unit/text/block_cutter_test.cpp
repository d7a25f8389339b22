#include "common/text/block_cutter.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "common/base/random.h"
#include "tests/support/catch.h"

namespace twinzone::text {

namespace {

std::vector<std::string> lines_of(std::uint64_t count) {
    std::vector<std::string> lines;
    lines.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        lines.push_back(fmt::format("host-{}.example. 3600 IN A 192.0.2.{}\n", i * 7919, i % 250));
        if (i % 3 == 0) {
            lines.push_back(fmt::format("        3600 IN TXT \"of {}\"\n", i));
        }
    }
    return lines;
}

std::vector<std::string> blocks_of(std::string_view text) {
    std::vector<std::string> blocks;
    while (!text.empty()) {
        const std::string_view seen = text.substr(0, kMaxBlockBytes + 1);
        const std::size_t size = first_block(seen, seen.size() == text.size());
        REQUIRE(size > 0);
        blocks.emplace_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return blocks;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string all;
    for (const std::string& part : parts) {
        all += part;
    }
    return all;
}

}  // namespace

TEST_CASE("blocks begin at lines that begin with an owner and are of a bounded size", "[text]") {
    const std::vector<std::string> blocks = blocks_of(joined(lines_of(20'000)));
    REQUIRE(blocks.size() > 10);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        CHECK(blocks[i].starts_with("host-"));
        CHECK(blocks[i].ends_with("\n"));
        CHECK(blocks[i].size() <= kMaxBlockBytes);
        CHECK((blocks[i].size() >= kMinBlockBytes || i + 1 == blocks.size()));
    }
}

TEST_CASE("a line more or less leaves nearly all blocks what they were", "[text]") {
    std::vector<std::string> lines = lines_of(20'000);
    const std::vector<std::string> before = blocks_of(joined(lines));
    Random random{1};
    for (int i = 0; i < 20; ++i) {
        const auto at = static_cast<std::ptrdiff_t>(random.below(lines.size()));
        std::vector<std::string> changed = lines;
        if (i % 2 == 0) {
            changed.erase(changed.begin() + at);
        } else {
            changed.insert(changed.begin() + at, "new.example. 60 IN A 192.0.2.1\n");
        }
        const std::vector<std::string> after = blocks_of(joined(changed));
        const auto fresh = std::count_if(after.begin(), after.end(), [&](const std::string& block) {
            return std::find(before.begin(), before.end(), block) == before.end();
        });
        CHECK(fresh >= 1);
        CHECK(fresh <= 4);
    }
}

TEST_CASE("text without a place to cut is not cut", "[text]") {
    const std::string blank =
        "example. 60 IN A 192.0.2.1\n" + std::string(kMaxBlockBytes, '\n') + " 60 IN A 192.0.2.2\n";
    CHECK(first_block(std::string_view{blank}.substr(0, kMaxBlockBytes + 1), false) == 0);
    CHECK(first_block(blank, true) == 0);
    CHECK(first_block("a 60 IN A 192.0.2.1\n", true) == 20);
}

}  // namespace twinzone::text
