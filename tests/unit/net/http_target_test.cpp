#include "common/net/http_target.h"

#include "tests/support/catch.h"

namespace twinzone::net {

TEST_CASE("a request target is taken apart and decoded once", "[http]") {
    struct Row {
        const char* name;
        const char* text;
        const char* path;
        std::vector<std::pair<std::string, std::string>> query;
    };
    const Row rows[] = {
        {"path alone", "/metrics", "/metrics", {}},
        {"root", "/", "/", {}},
        {"octets behind %", "/zone/a%2Fb%20c%25", "/zone/a/b c%", {}},
        {"a plus in a path is a plus", "/zone/a+b", "/zone/a+b", {}},
        {"fields of a form", "/?q=a+b%26&state=held", "/", {{"q", "a b&"}, {"state", "held"}}},
        {"fields without value", "/?a&b=&&c==d", "/", {{"a", ""}, {"b", ""}, {"c", "=d"}}},
        {"decoded once only", "/%252e", "/%2e", {}},
        {"absolute form", "http://ns1.example:80/livez?x=1", "/livez", {{"x", "1"}}},
        {"absolute form without a path", "http://ns1.example", "/", {}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const auto target = parse_http_target(row.text);
            REQUIRE(target.has_value());
            CHECK(target->path == row.path);
            CHECK(target->query == row.query);
        }
    }
}

TEST_CASE("what is no request target is refused", "[http]") {
    const char* rows[] = {"",       "*",      "metrics", "/%",       "/%2", "/%zz",
                          "/a%00b", "/?q=%0", "/?q=%00", "ftp://x/", "//%"};
    for (const char* row : rows) {
        CAPTURE(row);
        CHECK_FALSE(parse_http_target(row).has_value());
    }
    std::string many = "/?";
    for (std::size_t i = 0; i <= kMaxQueryFields; ++i) {
        many += "a=b&";
    }
    CHECK_FALSE(parse_http_target(many).has_value());
}

TEST_CASE("a field of the query is found by its name, the first one", "[http]") {
    const auto target = parse_http_target("/?q=one&q=two");
    REQUIRE(target.has_value());
    CHECK(target->field("q") == "one");
    CHECK(target->field("state").empty());
}

}  // namespace twinzone::net
