#include "common/observe/line.h"

#include <string>
#include <string_view>

#include "tests/support/catch.h"

namespace twinzone::observe {

namespace {
// 2026-01-02T03:04:05.678Z
constexpr std::int64_t kTime = 1767323045678;
}  // namespace

TEST_CASE("each style writes an event in its own form", "[observe]") {
    struct Row {
        const char* name = nullptr;
        LineStyle style{};
        Event event;
        const char* expected = nullptr;
    };
    const Event of_zone{Level::info, "example.test.", "IXFR, incoming", kTime};
    const Event of_server{Level::warning, {}, "reload failed", kTime};
    const Row rows[] = {
        {"plain, zone", LineStyle::plain, of_zone, "info: [example.test.] IXFR, incoming"},
        {"plain, server", LineStyle::plain, of_server, "warning: reload failed"},
        {"timed, zone", LineStyle::timed, of_zone,
         "2026-01-02T03:04:05.678Z info: [example.test.] IXFR, incoming"},
        {"timed, before 1970",
         LineStyle::timed,
         {Level::debug, {}, "x", -1},
         "1969-12-31T23:59:59.999Z debug: x"},
        {"journal, zone", LineStyle::journal, of_zone, "<6>info: [example.test.] IXFR, incoming"},
        {"journal, server", LineStyle::journal, of_server, "<4>warning: reload failed"},
        {"bare, zone", LineStyle::bare, of_zone, "[example.test.] IXFR, incoming"},
        {"json, zone", LineStyle::json, of_zone,
         R"({"time":"2026-01-02T03:04:05.678Z","level":"info","zone":"example.test.",)"
         R"("message":"IXFR, incoming"})"},
        {"json, server", LineStyle::json, of_server,
         R"({"time":"2026-01-02T03:04:05.678Z","level":"warning","message":"reload failed"})"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            CHECK(format_line(row.style, row.event) == row.expected);
        }
    }
}

TEST_CASE("an event stays on one line of valid UTF-8 whatever its text holds", "[observe]") {
    struct Row {
        const char* name = nullptr;
        std::string text;
        std::string as_text;
        std::string as_json;
    };
    using namespace std::string_literals;
    const std::string replaced = "\xef\xbf\xbd";
    const Row rows[] = {
        {"line end", "a\ninfo: forged", R"(a\x0ainfo: forged)", R"(a\u000ainfo: forged)"},
        {"zero and escape", "\0\x1b[31m"s, R"(\x00\x1b[31m)", R"(\u0000\u001b[31m)"},
        {"delete", "\x7f", R"(\x7f)", R"(\u007f)"},
        {"quote and backslash", R"("a\b")", R"("a\b")", R"(\"a\\b\")"},
        {"two to four octets", "\xc3\xa9\xe2\x86\x92\xf0\x9f\x98\x80",
         "\xc3\xa9\xe2\x86\x92\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x86\x92\xf0\x9f\x98\x80"},
        {"lone continuation", "a\x80", R"(a\x80)", "a" + replaced},
        {"cut sequence", "a\xe2\x86", R"(a\xe2\x86)", "a" + replaced + replaced},
        {"overlong", "\xc0\xaf", R"(\xc0\xaf)", replaced + replaced},
        {"overlong of three", "\xe0\x80\xaf", R"(\xe0\x80\xaf)", replaced + replaced + replaced},
        {"surrogate", "\xed\xa0\x80", R"(\xed\xa0\x80)", replaced + replaced + replaced},
        {"beyond Unicode", "\xf4\x90\x80\x80", R"(\xf4\x90\x80\x80)",
         replaced + replaced + replaced + replaced},
        {"invalid start", "\xff", R"(\xff)", replaced},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const Event event{Level::error, row.text, row.text, kTime};
            CHECK(format_line(LineStyle::plain, event) ==
                  "error: [" + row.as_text + "] " + row.as_text);
            CHECK(format_line(LineStyle::json, event) ==
                  R"({"time":"2026-01-02T03:04:05.678Z","level":"error","zone":")" + row.as_json +
                      R"(","message":")" + row.as_json + R"("})");
        }
    }
}

TEST_CASE("levels have the names of the configuration and the severities of syslog", "[observe]") {
    struct Row {
        std::string_view name;
        int severity;
        Level level;
    };
    const Row rows[] = {
        {"debug", 7, Level::debug},   {"info", 6, Level::info},
        {"notice", 5, Level::notice}, {"warning", 4, Level::warning},
        {"error", 3, Level::error},   {"critical", 2, Level::critical},
    };
    for (const Row& row : rows) {
        CHECK(to_string(row.level) == row.name);
        CHECK(syslog_severity(row.level) == row.severity);
        const Result<Level> parsed = level_from_text(row.name);
        REQUIRE(parsed.has_value());
        CHECK(*parsed == row.level);
    }
    const Result<Level> unknown = level_from_text("warn");
    REQUIRE_FALSE(unknown.has_value());
    CHECK(unknown.error().code() == Errc::usage);
    CHECK(unknown.error().detail() ==
          "'warn' is no log level: debug, info, notice, warning, error, critical");
}

}  // namespace twinzone::observe
