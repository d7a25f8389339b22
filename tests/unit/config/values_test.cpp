// The written forms of single values, and how near two words are.
#include "common/config/values.h"

#include <array>
#include <string>

#include "common/config/suggestion.h"
#include "tests/support/catch.h"

namespace twinzone::config {
namespace {

template <class T>
std::string shown(const Result<T>& value) {
    return value ? std::to_string(*value) : "refused";
}

TEST_CASE("durations, sizes, counts and percentages have units of one letter", "[config]") {
    const struct {
        const char* text;
        const char* duration;
        const char* size;
        const char* count;
        const char* percent;
    } rows[] = {
        {"0", "0", "0", "0", "refused"},
        {"30s", "30", "refused", "refused", "refused"},
        {"5m", "300", "refused", "refused", "refused"},
        {"2h", "7200", "refused", "refused", "refused"},
        {"1d", "86400", "refused", "refused", "refused"},
        {"3K", "refused", "3072", "3000", "refused"},
        {"3M", "refused", "3145728", "3000000", "refused"},
        {"1G", "refused", "1073741824", "1000000000", "refused"},
        {"1T", "refused", "1099511627776", "refused", "refused"},
        {"90%", "refused", "refused", "refused", "90"},
        {"1h30m", "refused", "refused", "refused", "refused"},
        {"", "refused", "refused", "refused", "refused"},
        {"-1", "refused", "refused", "refused", "refused"},
        {"+1", "refused", "refused", "refused", "refused"},
        {" 1", "refused", "refused", "refused", "refused"},
        {"1.5", "refused", "refused", "refused", "refused"},
        {"0x10", "refused", "refused", "refused", "refused"},
        {"99999999999999999999", "refused", "refused", "refused", "refused"},
        {"9999999999999999T", "refused", "refused", "refused", "refused"},
    };
    for (const auto& row : rows) {
        DYNAMIC_SECTION(row.text) {
            const auto duration = duration_from_text(row.text);
            CHECK((duration ? std::to_string(duration->count()) : "refused") == row.duration);
            CHECK(shown(size_from_text(row.text)) == row.size);
            CHECK(shown(count_from_text(row.text)) == row.count);
            CHECK(shown(percent_from_text(row.text)) == row.percent);
        }
    }
}

TEST_CASE("base64 is taken in its one canonical form", "[config]") {
    const struct {
        const char* text;
        const char* expected;
    } rows[] = {
        {"", ""},      {"Zg==", "f"},   {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"Zm9vYg==", "foob"},
        {"Zg", "-"},   {"Zg=", "-"},    {"Zh==", "-"},  {"Zm9=", "-"},   {"Z===", "-"},
        {"====", "-"}, {"Zm9v\n", "-"}, {"Zm 9v", "-"}, {"Zm9_", "-"},   {"Zm==9v==", "-"},
    };
    for (const auto& row : rows) {
        DYNAMIC_SECTION(row.text) {
            const auto bytes = base64_from_text(row.text);
            CHECK((bytes ? std::string{as_text(*bytes)} : "-") == row.expected);
        }
    }
}

TEST_CASE("distance counts single edits", "[config]") {
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("abc", "abc") == 0);
    CHECK(edit_distance("lissten", "listen") == 1);
    CHECK(edit_distance("lisetn", "listen") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("only what may be a slip is suggested", "[config]") {
    constexpr std::array<std::string_view, 3> kWords = {"listen", "listen-tls", "tls"};
    CHECK(did_you_mean("lsiten", kWords) == "; did you mean 'listen'?");
    CHECK(did_you_mean("tsl", kWords) == "; did you mean 'tls'?");
    CHECK(did_you_mean("path", kWords).empty());
    CHECK(did_you_mean(std::string(10'000, 'x'), kWords).empty());
}

}  // namespace
}  // namespace twinzone::config
