#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "tests/support/catch.h"
#include "tests/unit/text/zone_text.h"

using namespace twinzone;
using test::read_text;
using test::summary;

namespace {

// A folder with zone files that vanishes with the test.
class Folder {
  public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "twinzone-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string put(const std::string& name, const std::string& content) const {
        const std::filesystem::path path = path_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream{path} << content;
        return path.string();
    }
    [[nodiscard]] std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

test::ZoneText read_file(const std::string& path, std::string root = {}) {
    text::ZoneFileOptions options = test::options_with_origin("example.test.");
    options.include_root_dir = std::move(root);
    Result<text::ZoneFileReader> reader = text::ZoneFileReader::open(path, options);
    REQUIRE(reader.has_value());
    return test::read_all(std::move(*reader));
}

}  // namespace

TEST_CASE("$ORIGIN completes the names that follow", "[text]") {
    CHECK(summary(read_text("$TTL 1\n$ORIGIN sub\na NS b\n$origin other.\n A 192.0.2.1\nb NS @\n"
                            "$ORIGIN .\ncom NS a\n")) ==
          "a.sub.example.test. 1 IN NS b.sub.example.test.\n"
          "a.sub.example.test. 1 IN A 192.0.2.1\n"
          "b.other. 1 IN NS other.\n"
          "com. 1 IN NS a.\n");
}

TEST_CASE("$INCLUDE reads beside the including file and gives origin and owner back", "[text]") {
    const Folder folder;
    folder.put("sub/inner.zone", "a NS @\n$ORIGIN deep\nb NS @\n$INCLUDE third.zone\n");
    folder.put("sub/third.zone", "c NS @");
    const std::string main = folder.put(
        "main.zone", "$TTL 1\nx NS @\n$INCLUDE \"sub/inner.zone\" inc ; c\n A 192.0.2.1\ny NS @\n");
    const test::ZoneText zone = read_file(main);
    CHECK(summary(zone) ==
          "x.example.test. 1 IN NS example.test.\n"
          "a.inc.example.test. 1 IN NS inc.example.test.\n"
          "b.deep.inc.example.test. 1 IN NS deep.inc.example.test.\n"
          "c.deep.inc.example.test. 1 IN NS deep.inc.example.test.\n"
          "x.example.test. 1 IN A 192.0.2.1\n"
          "y.example.test. 1 IN NS example.test.\n");
    REQUIRE(zone.places.size() == 6);
    CHECK(zone.places[1] == folder.path() + "/sub/inner.zone:1");
    CHECK(zone.places[3] == folder.path() + "/sub/third.zone:1");
    CHECK(zone.places[4] == main + ":4");
    CHECK_FALSE(zone.ended_with_newline);  // third.zone
}

TEST_CASE("an error in an included file names the files above it", "[text]") {
    const Folder folder;
    const std::string inner = folder.put("inner.zone", "\na 1 A 192.0.2.1\nb 1 A bad\n");
    const std::string middle = folder.put("middle.zone", "$INCLUDE inner.zone\n");
    const std::string main = folder.put("main.zone", "\n\n$INCLUDE middle.zone\n");
    CHECK(read_file(main).error == inner +
                                       ":3:7: error: A: 'bad' is no IPv4 address\n"
                                       "    b 1 A bad\n"
                                       "          ^\n"
                                       "  included from " +
                                       middle +
                                       ":1\n"
                                       "  included from " +
                                       main + ":3");
}

TEST_CASE("a file that includes itself ends at the depth limit", "[text][R49]") {
    const Folder folder;
    const std::string main = folder.put("main.zone", "$INCLUDE main.zone\n");
    const test::ZoneText zone = read_file(main);
    CHECK(zone.code == Errc::limit);
    CHECK(zone.error.rfind(main + ":1:10: error: $INCLUDE deeper than 16\n", 0) == 0);
}

TEST_CASE("$INCLUDE stays within its root", "[text]") {
    const Folder folder;
    folder.put("secret", "a 1 A 192.0.2.1\n");
    folder.put("zones/fine.zone", "a 1 A 192.0.2.1\n");
    std::filesystem::create_symlink("../secret", folder.path() + "/zones/link");
    const std::string root = folder.path() + "/zones";
    struct Row {
        const char* file;
        const char* error;
    };
    const Row rows[] = {
        {"fine.zone", ""},        {"../zones/fine.zone", ""},  {"../secret", "lies outside"},
        {"link", "lies outside"}, {"missing", "No such file"}, {".", "is not a regular file"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.file) {
            const std::string main =
                folder.put("zones/main.zone", std::string{"$INCLUDE "} + row.file + "\n");
            const std::string error = read_file(main, root).error;
            CHECK(
                (*row.error == '\0' ? error.empty() : error.find(row.error) != std::string::npos));
        }
    }
}

TEST_CASE("opening what cannot be read says why", "[text]") {
    const Folder folder;
    CHECK(text::ZoneFileReader::open(folder.path() + "/none", {}).error().code() ==
          Errc::not_found);
    CHECK(text::ZoneFileReader::open(folder.path(), {}).error().code() == Errc::file_unreadable);
}

TEST_CASE("$GENERATE makes what BIND makes", "[text]") {
    struct Row {
        const char* name;
        std::string zone;
        std::string expected;
    };
    const Row rows[] = {
        {"number in owner and rdata", "$GENERATE 1-2 h$ 5 IN A 192.0.2.$\n",
         "h1.example.test. 5 IN A 192.0.2.1\nh2.example.test. 5 IN A 192.0.2.2\n"},
        {"step", "$GENERATE 1-6/4 $ CNAME x$\n",
         "1.example.test. 9 IN CNAME x1.example.test.\n"
         "5.example.test. 9 IN CNAME x5.example.test.\n"},
        {"offset, width, base",
         "$GENERATE 10-10 a${-3,4,d}b${0,3,o}c${245,0,x}d${+245,4,X}e${1} PTR @\n",
         "a0007b012cffd00FFe11.example.test. 9 IN PTR example.test.\n"},
        {"nibbles", "$GENERATE 26-26 ${0,0,n} PTR ${0,7,N}.x\n",
         "a.1.example.test. 9 IN PTR A.1.0.0.x.example.test.\n"},
        {"nibbles of zero and an even width", "$GENERATE 0-0 ${0,1,n} PTR ${0,4,n}x\n",
         "0.example.test. 9 IN PTR 0.0.x.example.test.\n"},
        {"dollar signs", "$GENERATE 3-3 a\\$b$$c$ TXT x\n",
         "a\\$b\\$c3.example.test. 9 IN TXT \"x\"\n"},
        {"other escapes stay", "$GENERATE 3-3 a\\.$ TXT \\\"\\065\n",
         "a\\.3.example.test. 9 IN TXT \"\\\"A\"\n"},
        {"quoted rdata is several fields", "$GENERATE 3-3 a$ MX \"$ mail$\"\n",
         "a3.example.test. 9 IN MX 3 mail3.example.test.\n"},
        {"several fields without quotes", "$GENERATE 3-3 a$ MX $ mail$ ; c\n",
         "a3.example.test. 9 IN MX 3 mail3.example.test.\n"},
        {"quotes in quotes", "$GENERATE 3-3 a$ TXT \"\\\"x $\\\"\"\n",
         "a3.example.test. 9 IN TXT \"x 3\"\n"},
        {"what follows goes on", "$GENERATE 1-1 a$ TXT x\n  TXT y\n",
         "a1.example.test. 9 IN TXT \"x\"\na1.example.test. 9 IN TXT \"y\"\n"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            CHECK(summary(read_text("$TTL 9\n" + row.zone)) == row.expected);
        }
    }
}

TEST_CASE("a record made by $GENERATE has the place of its line", "[text]") {
    const auto zone = read_text("\n$GENERATE 1-2 a$ 1 TXT x\nb 1 TXT y\n");
    CHECK(zone.places == std::vector<std::string>{"test.zone:2", "test.zone:2", "test.zone:3"});
}
