// Zone names as file names: they come from outside.
#include "common/config/zone_path.h"

#include <string>
#include <vector>

#include <rapidcheck.h>

#include "tests/support/catch.h"

namespace twinzone::config {
namespace {

TEST_CASE("a zone's file name holds nothing but letters, digits, '-', '_', '.' and %XX",
          "[config]") {
    const struct {
        const char* zone;
        const char* expected;
    } rows[] = {
        {".", "@"},
        {"example.test.", "example.test"},
        {"EXAMPLE.Test", "example.test"},
        {"_tcp.x-y.test", "_tcp.x-y.test"},
        {"0/25.2.0.192.in-addr.arpa", "0%2F25.2.0.192.in-addr.arpa"},
        {R"(\@)", "%40"},
        {R"(\.)", "%2E"},
        {R"(\.\.)", "%2E%2E"},
        {R"(..\/etc)", nullptr},  // no name at all
        {R"(\.\./\.\./etc/passwd)", "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd"},
        {R"(\.hidden.test)", "%2Ehidden.test"},
        {R"(a\.b.test)", "a%2Eb.test"},
        {R"(a\000b.test)", "a%00b.test"},
        {R"(a\010b\255.test)", "a%0Ab%FF.test"},
        {"a%2Fb.test", "a%252fb.test"},
        {"-rf.test", "%2Drf.test"},
        {"x.-y.test", "x.-y.test"},
        {R"($\(id\)`.test)", "%24%28id%29%60.test"},
        {"*.test", "%2A.test"},
    };
    for (const auto& row : rows) {
        DYNAMIC_SECTION(row.zone) {
            const auto zone = dns::Name::from_text(row.zone);
            REQUIRE(zone.has_value() == (row.expected != nullptr));
            if (!zone) {
                continue;
            }
            const auto file = zone_file_name(zone->view());
            REQUIRE(file);
            CHECK(*file == row.expected);
            const auto back = zone_of_file_name(*file);
            REQUIRE(back);
            CHECK(*back == *zone);
        }
    }
}

TEST_CASE("only the one file name of a zone names it", "[config]") {
    for (const char* file : {"", ".", "..", "../x", "a/b", ".x", "x.", "a..b", "%", "%2", "%zz",
                             "%61", "%2e%2", "a b", "a%2Fb/c", "a\\b", "-x", "x\n"}) {
        DYNAMIC_SECTION(file) {
            CHECK_FALSE(zone_of_file_name(file));
        }
    }
    CHECK(zone_of_file_name("EXAMPLE.test"));
    CHECK(zone_of_file_name("a%2fb"));
}

TEST_CASE("a zone whose file name would be too long is refused", "[config]") {
    const std::string label = R"(\001\001\001\001\001\001\001\001\001\001\001\001\001\001\001\001)";
    const std::string long_name = label + label + "." + label + label + "." + label + label;
    const auto zone = dns::Name::from_text(long_name);
    REQUIRE(zone);
    const auto file = zone_file_name(zone->view());
    REQUIRE_FALSE(file);
    CHECK(file.error().code() == Errc::limit);
}

TEST_CASE("any name of any octets comes back from its file name", "[config][R50]") {
    const bool holds = rc::check("round trip", [] {
        const auto labels = *rc::gen::container<std::vector<std::string>>(
            *rc::gen::inRange<std::size_t>(1, 5),
            rc::gen::nonEmpty(
                rc::gen::resize(12, rc::gen::container<std::string>(rc::gen::arbitrary<char>()))));
        Bytes wire;
        for (const std::string& label : labels) {
            wire.push_back(static_cast<std::uint8_t>(label.size()));
            wire.insert(wire.end(), label.begin(), label.end());
        }
        wire.push_back(0);
        const auto zone = dns::NameView::parse(wire);
        RC_ASSERT(zone.has_value());
        const auto file = zone_file_name(*zone);
        RC_PRE(file.has_value());
        RC_ASSERT(file->find('/') == std::string::npos);
        RC_ASSERT(file->front() != '.' && file->front() != '-');
        const auto back = zone_of_file_name(*file);
        RC_ASSERT(back.has_value());
        RC_ASSERT(back->view() == *zone);
    });
    CHECK(holds);
}

TEST_CASE("%s in a path is the zone's file name", "[config]") {
    const dns::Name zone = *dns::Name::from_text("a/b.test");
    CHECK(*fill_path_pattern("/x/%s.zone", zone.view()) == "/x/a%2Fb.test.zone");
    CHECK(*fill_path_pattern("/x/%s/%s", zone.view()) == "/x/a%2Fb.test/a%2Fb.test");
    CHECK(*fill_path_pattern("100%%", zone.view()) == "100%");
    CHECK(*zone_file_in("/x", zone.view()) == "/x/a%2Fb.test.zone");
    CHECK(*zone_file_in("/", dns::NameView{}) == "/@.zone");
    for (const char* bad : {"%", "%d", "a%", "%%%", "%S"}) {
        DYNAMIC_SECTION(bad) {
            CHECK_FALSE(check_path_pattern(bad));
        }
    }
}

}  // namespace
}  // namespace twinzone::config
