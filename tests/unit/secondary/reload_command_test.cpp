#include "secondary/reload_command.h"

#include "tests/support/catch.h"

namespace twinzone::secondary {
namespace {

using config::ReloadKind;

std::string line(ReloadKind kind, std::vector<std::string> command, const char* zone) {
    config::Output output;
    output.reload = kind;
    output.command = std::move(command);
    output.path = "/var/lib/x/f.zone";
    return to_line(reload_words(output, *dns::Name::from_text(zone)));
}

}  // namespace

TEST_CASE("each server has its own way to read a file anew", "[secondary]") {
    struct Row {
        ReloadKind kind;
        std::vector<std::string> command;
        const char* zone;
        const char* expected;
    };
    const Row rows[] = {
        {ReloadKind::none, {}, "example.test.", ""},
        {ReloadKind::coredns, {}, "example.test.", ""},
        {ReloadKind::bind, {}, "example.test.", "rndc reload example.test"},
        {ReloadKind::bind, {}, ".", "rndc reload ."},
        {ReloadKind::bind, {"rndc", "-p", "95"}, "a.b.", "rndc -p 95 reload a.b"},
        {ReloadKind::nsd, {}, "example.test.", "nsd-control reload example.test"},
        {ReloadKind::nsd, {"nsd-control", "-c", "F"}, "x.", "nsd-control -c F reload x"},
        {ReloadKind::knot, {}, "example.test.", "knotc -b zone-reload example.test"},
        {ReloadKind::knot, {"knotc", "-s", "S"}, "x.", "knotc -s S -b zone-reload x"},
        {ReloadKind::pdns, {}, "example.test.", "pdns_control bind-reload-now example.test"},
        {ReloadKind::command, {"/x", "%s", "z=%s", "%f"}, "a.b.", "/x a.b z=a.b /var/lib/x/f.zone"},
        {ReloadKind::command, {"/x", "100%%", "%", "%q"}, "a.b.", "/x 100% % %q"},
        {ReloadKind::nsd, {}, "-c.test.", "nsd-control reload \\045c.test"},
        {ReloadKind::command, {"/x", "%s"}, "-rf.", "/x \\045rf"},
    };
    for (const Row& row : rows) {
        CHECK(line(row.kind, row.command, row.zone) == row.expected);
    }
}

TEST_CASE("what a command said is one line for people", "[secondary]") {
    net::ChildEnd end;
    end.exit_code = 1;
    end.output = "rndc: 'reload' failed:\n\tnot found\x1b\n";
    CHECK(in_words("rndc reload x", end) ==
          "`rndc reload x`: exit code 1: rndc: 'reload' failed:  not found");
    end.output = std::string(5000, 'x');
    CHECK(in_words("rndc reload x", end).size() < 600);
    CHECK(in_words("x", {}) == "`x`: exit code 0");
}

TEST_CASE("a program is looked for as it will be run", "[secondary]") {
    CHECK(is_runnable("/bin/sh"));
    CHECK(is_runnable("sh"));
    CHECK_FALSE(is_runnable("no-such-program-here"));
    CHECK_FALSE(is_runnable("/etc/passwd"));
    CHECK_FALSE(is_runnable("/bin"));
}

}  // namespace twinzone::secondary
