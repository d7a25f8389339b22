#include "primary/zone_file_loader.h"

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace twinzone::primary {

namespace {

constexpr const char* kHead =
    "$ORIGIN example.test.\n$TTL 300\n@ SOA ns1 host 5 3600 600 86400 300\n@ NS ns1\n";

class Loader {
  public:
    Result<LoadedZone> load(const std::string& text) {
        options.zone = *dns::Name::from_text("example.test.");
        options.file = folder_.write("zone", text);
        options.spill_directory = folder_.path();
        return load_zone_file(options);
    }

    LoadOptions options{
        .zone = {}, .file = {}, .spill_directory = {}, .max_records = 1000, .max_bytes = 100'000};

  private:
    test::TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("a good zone file becomes content in canonical order", "[primary][loader]") {
    Loader loader;
    const Result<LoadedZone> loaded =
        loader.load(std::string{kHead} + "www A 192.0.2.2\nns1 A 192.0.2.1\nWWW A 192.0.2.2\n");
    REQUIRE(loaded);
    CHECK(loaded->soa.serial == dns::Serial{5});
    CHECK(loaded->records == 5);
    CHECK(loaded->duplicates == 1);
    CHECK(loaded->ended_with_newline);
    std::vector<std::string> owners;
    while (true) {
        const Result<std::optional<dns::RecordView>> record = loaded->stream->next();
        REQUIRE(record);
        if (!*record) {
            break;
        }
        owners.push_back((*record)->owner.to_text());
    }
    CHECK(owners ==
          std::vector<std::string>{"example.test.", "ns1.example.test.", "WWW.example.test."});
}

TEST_CASE("the digest of a zone file does not depend on its form", "[primary][loader]") {
    Loader a;
    Loader b;
    const Result<LoadedZone> one = a.load(std::string{kHead} + "a A 192.0.2.1\nb TXT \"x y\"\n");
    const Result<LoadedZone> other =
        b.load(std::string{kHead} +
               "b.example.test. 5m IN TXT ( \"x y\" ) ; same\nA 300 IN A 192.0.2.1\n");
    REQUIRE(one);
    REQUIRE(other);
    CHECK(one->content == other->content);
}

TEST_CASE("a file that is no zone is refused with the place and the reason", "[primary][loader]") {
    struct Row {
        const char* name;
        std::string text;
        Errc code;
        const char* says;
    };
    const Row rows[] = {
        {"no SOA", "$TTL 300\n@ NS ns1\n", Errc::zone_file_content,
         "no SOA record at example.test."},
        {"no NS", "$TTL 300\n@ SOA ns1 host 5 3600 600 86400 300\n", Errc::zone_file_content,
         "no NS record at example.test."},
        {"two SOAs", std::string{kHead} + "@ SOA ns1 host 6 3600 600 86400 300\n",
         Errc::zone_file_content, ":5: error: a second, different SOA"},
        {"SOA below the apex", std::string{kHead} + "sub SOA ns1 host 5 3600 600 86400 300\n",
         Errc::zone_file_content, ":5: error: SOA at sub.example.test."},
        {"outside the zone", std::string{kHead} + "www.other.test. A 192.0.2.1\n",
         Errc::zone_file_content, ":5: error: owner www.other.test. is outside"},
        {"broken", std::string{kHead} + "www A 192.0.2\n", Errc::zone_file_syntax, ":5:7: error:"},
        {"cut in a record", std::string{kHead} + "www TXT ( \"a\"\n", Errc::zone_file_syntax,
         "error:"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            Loader loader;
            const Result<LoadedZone> loaded = loader.load(row.text);
            REQUIRE_FALSE(loaded);
            CHECK(loaded.error().code() == row.code);
            CHECK_THAT(loaded.error().detail(), Catch::Contains(row.says));
        }
    }
}

TEST_CASE("limits of a zone are kept while its file is read", "[primary][loader]") {
    Loader records;
    records.options.max_records = 2;
    CHECK_FALSE(records.load(std::string{kHead} + "a A 192.0.2.1\n"));
    Loader bytes;
    bytes.options.max_bytes = 60;
    CHECK_FALSE(bytes.load(kHead));
}

TEST_CASE("a file without an end of its last line is told", "[primary][loader]") {
    Loader loader;
    const Result<LoadedZone> loaded = loader.load(std::string{kHead} + "www A 192.0.2.2");
    REQUIRE(loaded);
    CHECK_FALSE(loaded->ended_with_newline);
}

}  // namespace twinzone::primary
