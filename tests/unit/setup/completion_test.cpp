#include "common/setup/completion.h"

#include "tests/support/catch.h"

namespace twinzone::setup {
namespace {

using config::Role;

std::vector<std::string> words_of(const Completion& completion) {
    std::vector<std::string> words;
    for (const Candidate& candidate : completion.candidates) {
        words.push_back(candidate.word);
    }
    return words;
}

TEST_CASE("completion offers what may stand there", "[setup]") {
    using Words = std::vector<std::string>;
    struct Row {
        const char* name;
        Words typed;
        Words offered;
        bool zones = false;
        bool files = false;
    };
    const Row rows[] = {
        {"a verb", {"stat"}, {"status"}},
        {"a verb behind an option and its value", {"-c", "x.yaml", "fre"}, {"freeze"}},
        {"a zone", {"why", ""}, {}, true},
        {"a zone behind a flag", {"status", "--stale", "exa"}, {}, true},
        {"no second zone", {"why", "a.test", ""}, {}},
        {"any number of zones", {"sync", "a.test", "b"}, {}, true},
        {"an option of the verb", {"status", "--sta"}, {"--stale"}},
        {"not of another verb", {"why", "--st"}, {"--store"}},
        {"a file", {"serve", "-c", ""}, {}, false, true},
        {"a file of a verb's option", {"export", "a.test", "-o", "x"}, {}, false, true},
        {"a word of an option", {"key", "new", "k", "--format", "k"}, {"knot"}},
        {"a value that is anything", {"wait", "a.test", "--serial", ""}, {}},
        {"behind a value with =", {"--color=never", "syn"}, {"sync"}},
        {"a server", {"init", "c"}, {"coredns"}},
        {"a shell", {"completion", ""}, {"bash", "zsh", "fish"}},
        {"behind an alias", {"zonestatus", ""}, {}, true},
        {"nothing known", {"frobnicate"}, {}},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            const Completion completion = complete(row.typed, Role::secondary);
            CHECK(words_of(completion) == row.offered);
            CHECK(completion.zones == row.zones);
            CHECK(completion.files == row.files);
        }
    }
}

TEST_CASE("each program completes its own verbs", "[setup]") {
    const std::vector<std::string> typed = {"sy"};
    CHECK(words_of(complete(typed, Role::secondary)) == std::vector<std::string>{"sync"});
    CHECK(words_of(complete(typed, Role::primary)).empty());
    CHECK_FALSE(complete({}, Role::primary).candidates.empty());
}

TEST_CASE("completion hears where the daemon is", "[setup]") {
    const std::vector<std::string> typed = {"-c",  "f.yaml", "--control=/c", "--store", "/s",
                                            "why", ""};
    const Completion completion = complete(typed, Role::primary);
    CHECK(completion.daemon.config_file == "f.yaml");
    CHECK(completion.daemon.control_socket == "/c");
    CHECK(completion.daemon.inline_options.store == "/s");
}

TEST_CASE("every option that is offered is one that the command line knows", "[setup]") {
    for (const Role role : {Role::primary, Role::secondary}) {
        for (const config::VerbRow& row : config::verb_table()) {
            if (!config::is_offered(row, role)) {
                continue;
            }
            const std::vector<std::string> typed = {std::string{row.word}, "--"};
            for (const Candidate& candidate : complete(typed, role).candidates) {
                CAPTURE(row.word, candidate.word);
                const Result<config::CommandLine> parsed = config::parse_command_line(
                    std::vector<std::string>{std::string{row.word}, candidate.word, "1"}, role);
                CHECK((parsed ||
                       parsed.error().detail().find("unknown option") == std::string::npos));
                CHECK_FALSE(candidate.help.empty());
            }
        }
    }
}

TEST_CASE("a script is made for three shells", "[setup]") {
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const Result<std::string> script = completion_script(shell, Role::secondary);
        REQUIRE(script);
        CHECK(script->find("twinzone-secondary") != std::string::npos);
        CHECK(script->find("__complete") != std::string::npos);
        CHECK(script->find("twinzone-primary") == std::string::npos);
    }
    CHECK(completion_script("tcsh", Role::primary).error().code() == Errc::usage);
}

TEST_CASE("candidates go out a line each, files as a word of their own", "[setup]") {
    Completion completion;
    completion.candidates = {{"a", "first"}, {"b", ""}};
    CHECK(completion_text(completion) == "a\tfirst\nb\t\n");
    completion.files = true;
    CHECK(completion_text(completion) == "a\tfirst\nb\t\n:files\n");
}

}  // namespace
}  // namespace twinzone::setup
