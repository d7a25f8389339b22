#include "common/web/html.h"

#include "tests/support/catch.h"

namespace twinzone::web {

TEST_CASE("text is escaped for content and for quoted attributes", "[web]") {
    struct Row {
        const char* name;
        std::string_view text;
        std::string_view expected;
    };
    const Row rows[] = {
        {"plain", "www.example.", "www.example."},
        {"markup", "<script>alert(\"&'\")</script>",
         "&lt;script&gt;alert(&quot;&amp;&#39;&quot;)&lt;/script&gt;"},
        {"UTF-8 stays", "\xC3\xBC \xE2\x82\xAC \xF0\x9F\x8C\x90",
         "\xC3\xBC \xE2\x82\xAC \xF0\x9F\x8C\x90"},
        {"control characters", "a\x01\x1B[31m\x7F", "a\xEF\xBF\xBD\xEF\xBF\xBD[31m\xEF\xBF\xBD"},
        {"line ends stay", "a\n\tb", "a\n\tb"},
        {"a lone continuation", "\x80z", "\xEF\xBF\xBDz"},
        {"cut short", "\xE2\x82", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"overlong", "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"a surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"beyond Unicode", "\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"NUL", std::string_view{"a\0b", 3},
         "a\xEF\xBF\xBD"
         "b"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            CHECK(escaped(row.text) == row.expected);
        }
    }
}

TEST_CASE("a link has nothing that ends it", "[web]") {
    CHECK(percent_encoded("a.b-c_d~e") == "a.b-c_d~e");
    CHECK(percent_encoded("0/25.2.0.192.in-addr.arpa.") == "0%2F25.2.0.192.in-addr.arpa.");
    CHECK(percent_encoded("\\\"<&?#% \xFF") == "%5C%22%3C%26%3F%23%25%20%FF");
}

TEST_CASE("numbers are grouped by thousands", "[web]") {
    CHECK(grouped(0) == "0");
    CHECK(grouped(999) == "999");
    CHECK(grouped(1000) == "1,000");
    CHECK(grouped(18'446'744'073'709'551'615U) == "18,446,744,073,709,551,615");
}

}  // namespace twinzone::web
