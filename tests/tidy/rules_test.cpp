// Every rule is seen to find what is planted, and to leave alone what looks like it and is not.
#include "tests/tidy/rules.h"

#include <string>

#include "tests/support/catch.h"
#include "tests/tidy/functions.h"

namespace twinzone::tidy {

namespace {

bool finds(const Findings& findings, std::string_view rule) {
    for (const Finding& finding : findings) {
        if (finding.rule == rule) {
            return true;
        }
    }
    return false;
}

Source cpp(const char* path, std::string text) {
    return make_source(path, std::move(text));
}

}  // namespace

TEST_CASE("comments and strings are no code", "[tidy]") {
    const Source source =
        cpp("a/b.cpp", "int a; // getenv\n/* x\n y */ f(\"q\\\"z\", 'c', 1'000);");
    CHECK(source.code.size() == source.text.size());
    CHECK(source.code.find("getenv") == std::string::npos);
    CHECK(source.code.find('z') == std::string::npos);
    CHECK(source.code.find("1'000") != std::string::npos);
    CHECK(line_of(source.code, source.code.find("f(")) == 3);
    CHECK(cpp("a.cpp", "R\"x(a)\" b)x\" + c").code == "R\"         \" + c");
}

TEST_CASE("includes follow the arrows", "[tidy]") {
    struct Row {
        const char* path;
        const char* include;
        bool allowed;
    };
    const Row rows[] = {
        {"common/dns/a.cpp", "\"common/base/error.h\"", true},
        {"common/base/a.cpp", "\"common/dns/name.h\"", false},
        {"common/dns/a.cpp", "\"common/zone/diff.h\"", false},
        {"common/text/a.cpp", "\"common/zone/diff.h\"", false},
        {"common/transfer/a.cpp", "\"common/zone/diff.h\"", true},
        {"common/transfer/a.cpp", "\"common/store/store.h\"", false},
        {"common/net/a.cpp", "\"common/dns/name.h\"", false},
        {"common/service/a.cpp", "\"common/store/store.h\"", true},
        {"common/service/a.cpp", "\"primary/daemon.h\"", false},
        {"primary/a.cpp", "\"common/store/store.h\"", true},
        {"primary/a.cpp", "\"secondary/sync.h\"", false},
        {"secondary/a.cpp", "\"primary/daemon.h\"", false},
        {"common/dns/a.cpp", "\"name.h\"", false},
        {"tests/unit/dns/a.cpp", "\"common/dns/name.h\"", true},
        {"elsewhere/a.cpp", "\"common/dns/name.h\"", false},
    };
    for (const Row& row : rows) {
        INFO(row.path << " includes " << row.include);
        const Source source = cpp(row.path, std::string("#include ") + row.include + "\n");
        CHECK(finds(check_includes(source), "include-direction") == !row.allowed);
    }
}

TEST_CASE("a library is included where it is wrapped", "[tidy]") {
    CHECK(finds(check_includes(cpp("common/store/a.cpp", "#include <uv.h>\n")), "library-place"));
    CHECK(finds(check_includes(cpp("primary/a.cpp", "#include <lmdb.h>\n")), "library-place"));
    CHECK(
        finds(check_includes(cpp("common/dns/a.h", "#include <ldns/ldns.h>\n")), "library-place"));
    CHECK(check_includes(cpp("common/net/a.cpp", "#include <uv.h>\n")).empty());
    CHECK(check_includes(cpp("tests/unit/text/a.cpp", "#include <ldns/ldns.h>\n")).empty());
}

TEST_CASE("a source includes its own header first", "[tidy]") {
    const char* late = "#include <string>\n\n#include \"common/dns/a.h\"\n";
    const char* first = "#include \"common/dns/a.h\"\n\n#include <string>\n";
    CHECK(finds(check_includes(cpp("common/dns/a.cpp", late)), "own-header-first"));
    CHECK(check_includes(cpp("common/dns/a.cpp", first)).empty());
}

TEST_CASE("cores know nothing of the world", "[tidy]") {
    for (const char* line :
         {"auto now = std::chrono::steady_clock::now();", "std::random_device rd;", "std::mutex m;",
          "std::function<void()> f;", "getenv(\"HOME\");", "spdlog::info(x);", "fmt::print(x);",
          "int fd = socket(1, 2, 3);", "#include <thread>", "printf(x);", "sleep_for(x);"}) {
        INFO(line);
        CHECK(finds(check_core(cpp("common/transfer/a.cpp", line)), "core-purity"));
        CHECK(finds(check_core(cpp("common/service/follower.cpp", line)), "core-purity"));
        CHECK(check_core(cpp("common/net/a.cpp", line)).empty());
        CHECK(check_core(cpp("common/dns/a.cpp", std::string("// ") + line)).empty());
    }
    CHECK(check_core(cpp("common/transfer/a.cpp", "peer.socket(); snprintf_like();")).empty());
}

TEST_CASE("functions are found by their braces", "[tidy]") {
    const std::string code =
        "namespace x {\n"
        "#define M(a) { a\n"
        "struct S {\n"
        "    int f() const {\n"
        "        if (a) {\n"
        "        }\n"
        "    }\n"
        "    int member_{0};\n"
        "};\n"
        "const int kTable[] = {\n 1,\n 2,\n};\n"
        "enum class E : int { a, b };\n"
        "S::S(int a) : b_{a} {\n"
        "}\n"
        "bool operator==(const S&, const S&) {\n"
        "    return true;\n"
        "}\n"
        "}\n";
    const std::vector<Function> found = find_functions(code);
    REQUIRE(found.size() >= 3);
    CHECK(found.front().signature == "int f() const");
    CHECK(found.front().first_line == 4);
    CHECK(found.front().lines() == 3);
    CHECK(found.back().signature == "bool operator==(const S&, const S&)");
    CHECK(found.back().lines() == 2);
    for (const Function& function : found) {
        CHECK(function.signature.find("kTable") == std::string::npos);
    }
}

TEST_CASE("long files and long functions are found", "[tidy]") {
    const auto body = [](int lines) {
        std::string text = "void f() {\n";
        for (int i = 1; i < lines; ++i) {
            text += "    g();\n";
        }
        return text + "}\n";
    };
    CHECK(check_sizes(cpp("a.cpp", body(70))).empty());
    const std::string rows = "    const Row rows[] = {\n" + std::string(200, '\n') + "    };\n";
    CHECK(check_sizes(cpp("a.cpp", "void f() {\n" + rows + "}\n")).empty());
    CHECK(finds(check_sizes(cpp("a.cpp", body(70).insert(11, rows))), "function-length"));
    CHECK(finds(check_sizes(cpp("a.cpp", body(71))), "function-length"));
    CHECK(check_sizes(cpp("a.h", std::string(500, '\n'))).empty());
    CHECK(finds(check_sizes(cpp("a.h", std::string(501, '\n'))), "file-length"));
    CHECK(finds(check_sizes(make_source("a.py", std::string(501, '\n'))), "file-length"));
}

TEST_CASE("banned words are found inside names and nowhere else", "[tidy]") {
    for (const char* line : {"int data;", "class ZoneManager {};", "void string_util();",
                             "int kMasterPort;", "struct Info {};", "int parse_helper_count;"}) {
        INFO(line);
        CHECK(finds(check_words(cpp("a.cpp", line)), "banned-word"));
    }
    for (const char* line :
         {"x.data();", "p->data();", "std::data(x);", "spdlog::info(x);", "// data",
          "int database;", "rdata", "mdb_env_info(x);", "\"info\"", "Rdata r;"}) {
        INFO(line);
        CHECK(check_words(cpp("a.cpp", line)).empty());
    }
}

TEST_CASE("unfinished work and unguarded headers are found", "[tidy]") {
    const std::string mark = std::string("TO") + "DO";
    CHECK(finds(check_text(make_source("a.py", "x = 1  # " + mark + " later")), "unfinished"));
    CHECK(check_text(make_source("a.md", mark + "S")).empty());
    CHECK(finds(check_text(cpp("a.h", "int a;\n")), "pragma-once"));
    CHECK(check_text(cpp("a.h", "// what it is\n#pragma once\n")).empty());
}

TEST_CASE("every source is built and every folder described", "[tidy]") {
    const auto tree = [](const char* cmake, const char* readme) {
        return std::vector<Source>{make_source("common/dns/name.cpp", ""),
                                   make_source("common/dns/CMakeLists.txt", cmake),
                                   make_source(readme, "")};
    };
    CHECK(check_tree(tree("f(SOURCES name.cpp)", "common/dns/README.md")).empty());
    CHECK(finds(check_tree(tree("f(SOURCES rename.cpp)", "common/dns/README.md")), "in-cmake"));
    CHECK(finds(check_tree(tree("f(name.cpp)", "common/README.md")), "folder-readme"));
}

TEST_CASE("the whole of it passes a clean tree and sees a planted fault", "[tidy]") {
    std::vector<Source> tree = {make_source("common/dns/README.md", "")};
    tree.push_back(cpp("common/dns/a.h", "#pragma once\n"));
    CHECK(check_all(tree).empty());
    tree.push_back(cpp("common/dns/b.h", "#pragma once\n#include <uv.h>\n"));
    CHECK(check_all(tree).size() == 1);
}

}  // namespace twinzone::tidy
