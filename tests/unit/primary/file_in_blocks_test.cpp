// Files that are read in blocks, against the same files read front to back.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "common/base/random.h"
#include "primary/zone_file_loader.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace twinzone::primary {

namespace {

constexpr std::uint64_t kLines = 45'000;

// Lines of a file, the SOA apart: what an operator's generator may write.
std::vector<std::string> lines_of_a_zone() {
    std::vector<std::string> lines;
    lines.reserve(kLines);
    lines.emplace_back("@ NS ns1\n");
    for (std::uint64_t i = 0; lines.size() < kLines; ++i) {
        lines.push_back(fmt::format("host-{} A 192.0.2.{}\n", i * 7919 % 100'003, i % 250));
        if (i % 5 == 0) {
            lines.push_back(fmt::format("        TXT \"more of\" \"{}\"\n", i));
        }
        if (i % 50 == 0) {
            lines.push_back(fmt::format("long-{} TXT ( \"a\" ; one\n  \"b\"\n  \"c\" )\n", i));
        }
        if (i % 4000 == 1999) {
            lines.push_back(fmt::format("$ORIGIN sub{}.example.test.\n", i));
        }
    }
    return lines;
}

LoadOptions options_for(test::TemporaryFolder& folder, std::string_view text) {
    LoadOptions options;
    options.zone = *dns::Name::from_text("example.test.");
    options.file = folder.write("zone", text);
    options.spill_directory = folder.path();
    options.max_records = 1'000'000;
    options.max_bytes = 1'000'000'000;
    return options;
}

class Zone {
  public:
    Zone() {
        options = options_for(folder_, "");
        folder_.write("empty", "");
    }

    ZoneFileReading read(const std::vector<std::string>& lines, bool front_to_back = false) {
        std::string text = fmt::format("$TTL 300\n@ SOA ns1 host {} 3600 600 86400 300\n", serial);
        for (const std::string& line : lines) {
            text += line;
        }
        if (front_to_back) {
            text += "$INCLUDE empty\n";
        }
        REQUIRE(text.size() > kBlockwiseBytes);
        folder_.write("zone", text);
        return read_zone_file(options);
    }

    LoadOptions options;
    std::uint32_t serial = 1;

  private:
    test::TemporaryFolder folder_;
};

// As the version that is served by it would confirm it.
void confirm(ZoneFileReading& reading) {
    REQUIRE(reading.zone);
    REQUIRE(reading.memory);
    reading.memory->content = reading.zone->content;
}

std::vector<std::string> texts(const zone::RecordList& records) {
    std::vector<std::string> found;
    for (std::size_t i = 0; i < records.size(); ++i) {
        found.push_back(fmt::format("{} {}", records[i].owner.to_text(), to_text(records[i].type)));
    }
    return found;
}

}  // namespace

TEST_CASE("a file read in blocks is the file read front to back", "[primary][blocks]") {
    Zone zone;
    const std::vector<std::string> lines = lines_of_a_zone();
    const ZoneFileReading whole = zone.read(lines, true);
    const ZoneFileReading blocks = zone.read(lines);
    REQUIRE(whole.zone);
    REQUIRE(blocks.zone);
    CHECK(whole.memory == nullptr);
    CHECK(blocks.memory != nullptr);
    CHECK(blocks.zone->content == whole.zone->content);
    CHECK(blocks.zone->records == whole.zone->records);
    CHECK(blocks.zone->duplicates == whole.zone->duplicates);
    CHECK(blocks.zone->soa.serial == dns::Serial{1});
}

TEST_CASE("of a file that was read before only what changed is read", "[primary][blocks]") {
    Zone zone;
    std::vector<std::string> lines = lines_of_a_zone();
    ZoneFileReading before = zone.read(lines);
    confirm(before);
    zone.options.memory = before.memory;
    zone.serial = 2;
    lines.insert(lines.begin() + 20'000, "fresh.example.test. AAAA 2001:db8::1\n");
    lines.insert(lines.begin() + 10, "also.fresh A 192.0.2.9\n");
    lines.pop_back();
    const ZoneFileReading after = zone.read(lines);
    REQUIRE(after.zone);
    REQUIRE(after.zone->change);
    CHECK(after.zone->soa.serial == dns::Serial{2});
    CHECK(texts(after.zone->change->added) ==
          std::vector<std::string>{"fresh.example.test. AAAA", "also.fresh.example.test. A"});
    CHECK(after.zone->change->removed.size() == 1);
    CHECK(after.zone->records == before.zone->records + 1);
}

TEST_CASE("change after change leads where reading the whole file leads", "[primary][blocks]") {
    Zone zone;
    Random random{7};
    std::vector<std::string> lines = lines_of_a_zone();
    ZoneFileReading before = zone.read(lines);
    confirm(before);
    int by_change = 0;
    for (int round = 0; round < 25; ++round) {
        zone.serial += round % 3 == 0 ? 0 : 1;
        for (std::uint64_t edit = random.below(6); edit > 0; --edit) {
            const auto at = lines.begin() + static_cast<std::ptrdiff_t>(random.below(lines.size()));
            switch (random.below(4)) {
                case 0: lines.erase(at); break;
                case 1: lines.insert(at, fmt::format("new-{} A 192.0.2.1\n", random.next())); break;
                case 2: *at = fmt::format("other-{} TXT \"x\"\n", random.next()); break;
                default: std::iter_swap(at, lines.begin() + 5); break;
            }
        }
        zone.options.memory = before.memory;
        ZoneFileReading after = zone.read(lines);
        REQUIRE(after.zone);
        by_change += after.zone->change ? 1 : 0;
        zone.options.memory = nullptr;
        const ZoneFileReading whole = zone.read(lines, true);
        REQUIRE(whole.zone);
        REQUIRE(whole.zone->duplicates == 0);
        CHECK(after.zone->content == whole.zone->content);
        CHECK(after.zone->records == whole.zone->records);
        CHECK(after.zone->soa.serial == dns::Serial{zone.serial});
        confirm(after);
        before = std::move(after);
    }
    CHECK(by_change >= 20);
}

TEST_CASE("what one block cannot tell is left to a look at the whole file", "[primary][blocks]") {
    Zone zone;
    std::vector<std::string> lines = lines_of_a_zone();
    ZoneFileReading before = zone.read(lines);
    confirm(before);
    zone.options.memory = before.memory;
    const auto middle = lines.begin() + 15'000;

    SECTION("a line that is wrong is told with its place") {
        *middle = "oops A 192.0.2\n";
        const ZoneFileReading after = zone.read(lines);
        REQUIRE_FALSE(after.zone);
        CHECK(after.zone.error().code() == Errc::zone_file_syntax);
        CHECK_THAT(after.zone.error().detail(), Catch::Contains("zone:1"));
    }
    SECTION("a parenthesis that is not closed is told") {
        *middle = "open TXT ( \"a\"\n";
        CHECK_FALSE(zone.read(lines).zone);
    }
    SECTION("an owner outside the zone is told") {
        *middle = "www.other.test. A 192.0.2.1\n";
        const ZoneFileReading after = zone.read(lines);
        REQUIRE_FALSE(after.zone);
        CHECK_THAT(after.zone.error().detail(), Catch::Contains("outside the zone"));
    }
    SECTION("the last NS that goes is told") {
        lines.erase(lines.begin());
        const ZoneFileReading after = zone.read(lines);
        REQUIRE_FALSE(after.zone);
        CHECK_THAT(after.zone.error().detail(), Catch::Contains("no NS record"));
    }
    SECTION("a limit is kept") {
        zone.options.max_records = before.zone->records;
        *middle += "one.more A 192.0.2.1\n";
        const ZoneFileReading after = zone.read(lines);
        REQUIRE_FALSE(after.zone);
        CHECK(after.zone.error().code() == Errc::limit);
    }
    SECTION("an end without a newline is told") {
        lines.back().pop_back();
        const ZoneFileReading after = zone.read(lines);
        REQUIRE(after.zone);
        CHECK_FALSE(after.zone->ended_with_newline);
    }
    SECTION("a TTL taken from the record before is that of the record before") {
        const std::string head = "$TTL 300\n@ SOA ns1 host 1 3600 600 86400 300\n";
        *middle = "$TTL 77\n";
        const ZoneFileReading after = zone.read(lines);
        zone.options.memory = nullptr;
        const ZoneFileReading whole = zone.read(lines, true);
        REQUIRE(after.zone);
        REQUIRE(whole.zone);
        CHECK(after.zone->content == whole.zone->content);
    }
}

TEST_CASE("a file whose TTLs lean on the records before is read front to back",
          "[primary][blocks]") {
    test::TemporaryFolder folder;
    std::string text = "example.test. 300 SOA ns1 host 1 3600 600 86400 300\n 300 NS ns1\n";
    for (int i = 0; i < 40'000; ++i) {
        text += fmt::format("host-{}.example.test. {}A 192.0.2.1\n", i * 7919 % 100'003,
                            i % 1000 == 0 ? fmt::format("{} ", i + 1) : std::string{});
    }
    const LoadOptions options = options_for(folder, text);
    const ZoneFileReading in_blocks = read_zone_file(options);
    folder.write("empty", "");
    folder.write("zone", text + "$INCLUDE empty\n");
    const ZoneFileReading whole = read_zone_file(options);
    REQUIRE(in_blocks.zone);
    REQUIRE(whole.zone);
    CHECK(in_blocks.zone->content == whole.zone->content);
}

TEST_CASE("a SOA without a TTL in a later block takes the TTL stated before it",
          "[primary][blocks]") {
    test::TemporaryFolder folder;
    std::string text = "example.test. 77 NS ns1.example.test.\n";
    for (int i = 0; i < 40'000; ++i) {
        text += fmt::format("host-{}.example.test. 77 A 192.0.2.1\n", i * 7919 % 100'003);
    }
    text += "example.test. SOA ns1.example.test. host.example.test. 1 3600 600 86400 300\n";
    const LoadOptions options = options_for(folder, text);
    const ZoneFileReading in_blocks = read_zone_file(options);
    REQUIRE(in_blocks.zone);
    CHECK(in_blocks.zone->soa.ttl == dns::Ttl{77});
}

}  // namespace twinzone::primary
