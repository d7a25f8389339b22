#include "common/observe/log.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "tests/support/catch.h"

namespace twinzone::observe {

namespace {

// A folder with a log file in it, removed at the end.
class LogFile {
  public:
    LogFile() {
        std::string name =
            (std::filesystem::temp_directory_path() / "twinzone-log-XXXXXX").string();
        folder_ = mkdtemp(name.data()) == nullptr ? "" : name;
    }
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;
    ~LogFile() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    [[nodiscard]] std::string path() const { return folder_ + "/twinzone.log"; }
    [[nodiscard]] std::string rotated() const { return path() + ".1"; }

  private:
    std::string folder_;
};

std::vector<std::string> lines_of(const std::string& path) {
    std::ifstream file{path};
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        lines.push_back(line);
    }
    return lines;
}

std::unique_ptr<Log> opened(const LogSettings& settings) {
    auto log = Log::open(settings);
    REQUIRE(log.has_value());
    return std::move(*log);
}

// What follows the time of each line.
std::vector<std::string> texts_of(const std::string& path) {
    const std::regex timed{R"((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (.*))"};
    std::vector<std::string> texts;
    for (const std::string& line : lines_of(path)) {
        std::smatch parts;
        REQUIRE(std::regex_match(line, parts, timed));
        texts.push_back(parts[2]);
    }
    return texts;
}

// Lets stderr go to a file or a pipe for a while.
class Redirected {
  public:
    explicit Redirected(int to) : before_(dup(STDERR_FILENO)) { dup2(to, STDERR_FILENO); }
    Redirected(const Redirected&) = delete;
    Redirected& operator=(const Redirected&) = delete;
    ~Redirected() {
        dup2(before_, STDERR_FILENO);
        ::close(before_);
    }

  private:
    int before_;
};

// The line a fresh log writes to a pipe that is its stderr.
std::string line_on_pipe(bool is_journal, bool json = false) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    {
        const Redirected redirected{ends[1]};
        struct stat at {};
        REQUIRE(fstat(STDERR_FILENO, &at) == 0);
        const std::string stream = fmt::format("{}:{}", at.st_dev, at.st_ino);
        setenv("JOURNAL_STREAM", is_journal ? stream.c_str() : "1:1", 1);
        opened({.json = json})->zone(Level::notice, "example.test.", "held");
        unsetenv("JOURNAL_STREAM");
    }
    ::close(ends[1]);
    char text[256];
    const ssize_t size = read(ends[0], text, sizeof text);
    ::close(ends[0]);
    REQUIRE(size > 0);
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace

TEST_CASE("a log file gets timed lines from the level on", "[observe]") {
    const LogFile file;
    const auto log = opened({.target = file.path(), .level = Level::notice});
    log->zone(Level::notice, "example.test.", "held");
    log->zone(Level::info, "example.test.", "below");
    log->server(Level::critical, "no space");
    CHECK_FALSE(log->is_enabled(Level::info));
    log->set_level(Level::debug);
    log->server(Level::debug, "now seen");
    CHECK(texts_of(file.path()) == std::vector<std::string>{"notice: [example.test.] held",
                                                            "critical: no space",
                                                            "debug: now seen"});
}

TEST_CASE("a log is appended to, and written anew after rotation", "[observe]") {
    const LogFile file;
    opened({.target = file.path()})->server(Level::info, "first run");
    const auto log = opened({.target = file.path()});
    log->server(Level::info, "second run");
    std::filesystem::rename(file.path(), file.rotated());
    log->server(Level::info, "still the old file");
    REQUIRE(log->reopen().has_value());
    log->server(Level::info, "the new file");
    CHECK(texts_of(file.rotated()) == std::vector<std::string>{"info: first run",
                                                               "info: second run",
                                                               "info: still the old file"});
    CHECK(texts_of(file.path()) == std::vector<std::string>{"info: the new file"});
}

TEST_CASE("a log that cannot be opened is an error, and one that cannot be reopened stays",
          "[observe]") {
    const LogFile file;
    const auto log = opened({.target = file.path()});
    std::filesystem::rename(file.path(), file.rotated());
    std::filesystem::create_directory(file.path());
    const Result<void> reopened = log->reopen();
    REQUIRE_FALSE(reopened.has_value());
    CHECK(reopened.error().code() == Errc::file_unreadable);
    CHECK(reopened.error().detail().find(file.path()) != std::string::npos);
    log->server(Level::info, "goes on");
    CHECK(texts_of(file.rotated()) == std::vector<std::string>{"info: goes on"});
    CHECK_FALSE(Log::open({.target = file.path()}).has_value());
}

TEST_CASE("JSON lines have time, level, zone and message", "[observe]") {
    const LogFile file;
    opened({.target = file.path(), .json = true})
        ->zone(Level::info, "example.test.", "a \"quoted\" word");
    const std::vector<std::string> lines = lines_of(file.path());
    REQUIRE(lines.size() == 1);
    const std::regex expected{
        R"re(\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","level":"info",)re"
        R"re("zone":"example\.test\.","message":"a \\"quoted\\" word"\})re"};
    CHECK(std::regex_match(lines[0], expected));
}

TEST_CASE("lines on stderr suit who reads it", "[observe]") {
    CHECK(line_on_pipe(false) == "notice: [example.test.] held\n");
    CHECK(line_on_pipe(true) == "<5>notice: [example.test.] held\n");
    CHECK_THAT(line_on_pipe(true, true), Catch::StartsWith("<5>{\"time\":"));
    CHECK_THAT(line_on_pipe(false, true), Catch::StartsWith("{\"time\":"));
    const LogFile file;
    const int to = open(file.path().c_str(), O_CREAT | O_WRONLY, 0600);
    {
        const Redirected redirected{to};
        opened({})->server(Level::info, "to a file");
    }
    ::close(to);
    CHECK(texts_of(file.path()) == std::vector<std::string>{"info: to a file"});
}

TEST_CASE("faults of peers are limited by kind, and the dropped ones counted", "[observe]") {
    const LogFile file;
    const auto log = opened({.target = file.path()});
    for (int i = 0; i < 30; ++i) {
        log->peer_fault(Level::warning, "malformed", "malformed query from 192.0.2.7@5000",
                        Instant{});
    }
    log->peer_fault(Level::warning, "refused", "refused", Instant{});
    log->peer_fault(Level::warning, "malformed", "malformed query from 192.0.2.8@5000",
                    Instant{} + seconds{1});
    const std::vector<std::string> texts = texts_of(file.path());
    REQUIRE(texts.size() == 12);
    CHECK(texts[9] == "warning: malformed query from 192.0.2.7@5000");
    CHECK(texts[10] == "warning: refused");
    CHECK(texts[11] ==
          "warning: malformed query from 192.0.2.8@5000 (20 more like this were not logged)");
}

TEST_CASE("lines of many threads stay whole", "[observe]") {
    constexpr std::size_t thread_count = 4;
    constexpr std::size_t lines_each = 500;
    const LogFile file;
    const auto log = opened({.target = file.path()});
    std::vector<std::thread> threads;
    threads.reserve(thread_count);
    for (std::size_t i = 0; i < thread_count; ++i) {
        threads.emplace_back([&, i] {
            for (std::size_t j = 0; j < lines_each; ++j) {
                log->zone(Level::info, "example.test.", std::string(50, "abcd"[i]));
                log->set_level(Level::info);
            }
        });
    }
    REQUIRE(log->reopen().has_value());
    for (std::thread& thread : threads) {
        thread.join();
    }
    const std::vector<std::string> texts = texts_of(file.path());
    CHECK(texts.size() == thread_count * lines_each);
    const std::regex whole{R"(info: \[example\.test\.\] (a{50}|b{50}|c{50}|d{50}))"};
    for (const std::string& text : texts) {
        REQUIRE(std::regex_match(text, whole));
    }
}

TEST_CASE("a log to syslog opens and writes where there is no syslog", "[observe]") {
    const auto log = opened({.target = "syslog", .program = "twinzone-test"});
    log->zone(Level::notice, "example.test.", "held");
    CHECK(log->reopen().has_value());
}

TEST_CASE("a full disk loses lines and nothing else", "[observe]") {
    const auto log = opened({.target = "/dev/full"});
    log->server(Level::error, "lost");
    log->server(Level::error, "lost too");
}

}  // namespace twinzone::observe
