#include "common/net/child_process.h"

#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/unit/net/loopback.h"

namespace twinzone::net {

namespace {

// Longer than any of these programs takes, on any machine.
constexpr Duration kAmple = minutes{15};

ChildCommand shell(const std::string& script, Duration time_limit = kAmple) {
    return {.argv = {"/bin/sh", "-c", script},
            .environment = {"PATH=/usr/bin:/bin"},
            .time_limit = time_limit};
}

ChildEnd run(const ChildCommand& command) {
    Loop loop;
    ChildEnd seen;
    const auto child = ChildProcess::start(loop, command, [&](const ChildEnd& end) {
        seen = end;
        loop.stop();
    });
    REQUIRE(child.has_value());
    test::run_to_stop(loop);
    return seen;
}

// A process that was killed and that nobody has waited for is a zombie: gone as well.
bool is_alive(const std::string& pid) {
    std::ifstream stat{fmt::format("/proc/{}/stat", std::stoi(pid))};
    const std::string text{std::istreambuf_iterator<char>{stat}, {}};
    const std::size_t name_end = text.rfind(')');
    return name_end != std::string::npos && text.compare(name_end, 4, ") Z ") != 0;
}

void wait_until_gone(const std::string& pid) {
    Loop loop;
    Timer again{loop};
    const std::function<void()> look = [&] {
        if (is_alive(pid)) {
            again.arm_after(milliseconds{5}, look);
        } else {
            loop.stop();
        }
    };
    again.arm_after(milliseconds{0}, look);
    test::run_to_stop(loop);
}

}  // namespace

TEST_CASE("a program's exit code and both its outputs are told, in order", "[net]") {
    struct Row {
        const char* script;
        int exit_code;
        std::string output;
    };
    const Row rows[] = {
        {"exit 0", 0, ""},
        {"echo one; echo two >&2; echo three; exit 3", 3, "one\ntwo\nthree\n"},
        {"printf '%s' \"$0|$*\"", 0, "/bin/sh|"},
        {"cat; echo read", 0, "read\n"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.script) {
            const ChildEnd end = run(shell(row.script));
            CHECK(end.how == ChildEnd::How::exited);
            CHECK(end.exit_code == row.exit_code);
            CHECK(end.is_success() == (row.exit_code == 0));
            CHECK(end.output == row.output);
            CHECK_FALSE(end.output_is_cut);
        }
    }
}

TEST_CASE("the environment is what was given and nothing else", "[net]") {
    ::setenv("TWINZONE_SECRET_OF_THE_PARENT", "x", 1);
    ChildCommand command{.argv = {"env"},
                         .environment = {"PATH=/usr/bin:/bin", "ZONE=example.test."},
                         .time_limit = kAmple};
    CHECK(run(command).output == "PATH=/usr/bin:/bin\nZONE=example.test.\n");
    ::unsetenv("TWINZONE_SECRET_OF_THE_PARENT");
}

TEST_CASE("operands reach the program as they are", "[net]") {
    const ChildCommand command{.argv = {"/usr/bin/printf", "%s", "$(id); `id` ' \" * \n"},
                               .environment = {},
                               .time_limit = kAmple};
    CHECK(run(command).output == "$(id); `id` ' \" * \n");
}

TEST_CASE("a program that is not there or may not be run is an error", "[net]") {
    Loop loop;
    for (const char* program : {"/nonexistent/program", "no-such-program", "/etc/passwd"}) {
        const ChildCommand command{
            .argv = {program}, .environment = {"PATH=/usr/bin:/bin"}, .time_limit = kAmple};
        const auto child = ChildProcess::start(loop, command, [](const ChildEnd&) { FAIL(); });
        REQUIRE_FALSE(child.has_value());
        CHECK(child.error().code() == Errc::not_found);
        CHECK(child.error().detail().find(program) != std::string::npos);
    }
    test::settle(loop);
}

TEST_CASE("at the end of its time a program dies with all it has started", "[net]") {
    const ChildEnd end = run(shell("sleep 1000 & echo $!; trap '' TERM; wait", seconds{2}));
    CHECK(end.how == ChildEnd::How::timed_out);
    CHECK(to_text(end) == "no end in time");
    REQUIRE(end.output.size() > 1);
    wait_until_gone(end.output);
}

TEST_CASE("a program that something else kills is told as that", "[net]") {
    const ChildEnd end = run(shell("kill -9 $$"));
    CHECK(end.how == ChildEnd::How::killed);
    CHECK(end.signal == SIGKILL);
    CHECK_FALSE(end.is_success());
    CHECK(to_text(end) == "killed by signal 9");
}

TEST_CASE("output beyond the limit is dropped and the program goes on", "[net]") {
    ChildCommand command = shell("head -c 3000000 /dev/zero; exit 5");
    command.output_limit = 1000;
    const ChildEnd end = run(command);
    CHECK(end.exit_code == 5);
    CHECK(end.output == std::string(1000, '\0'));
    CHECK(end.output_is_cut);
}

TEST_CASE("what stays in the background with the output open delays nothing", "[net]") {
    const ChildEnd end = run(shell("sleep 1000 & echo $!; exit 4"));
    CHECK(end.exit_code == 4);
    REQUIRE(end.output.size() > 1);
    CHECK(is_alive(end.output));
    ::kill(std::stoi(end.output), SIGKILL);
}

TEST_CASE("a process that is destroyed is killed and tells nothing", "[net]") {
    Loop loop;
    auto child =
        ChildProcess::start(loop, shell("exec sleep 1000"), [](const ChildEnd&) { FAIL(); });
    REQUIRE(child.has_value());
    child->reset();
    test::settle(loop);
}

TEST_CASE("a process may be destroyed in its callback, and a thousand follow each other", "[net]") {
    Loop loop;
    std::unique_ptr<ChildProcess> child;
    int left = 1000;
    const ChildCommand command{.argv = {"/bin/true"}, .environment = {}, .time_limit = kAmple};
    std::function<void(const ChildEnd&)> next = [&](const ChildEnd& end) {
        CHECK(end.is_success());
        child.reset();
        if (--left == 0) {
            loop.stop();
            return;
        }
        auto started = ChildProcess::start(loop, command, next);
        REQUIRE(started.has_value());
        child = std::move(*started);
    };
    auto started = ChildProcess::start(loop, command, next);
    REQUIRE(started.has_value());
    child = std::move(*started);
    test::run_to_stop(loop);
}

}  // namespace twinzone::net
