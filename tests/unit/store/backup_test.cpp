#include "common/store/backup.h"

#include <filesystem>
#include <fstream>

#include "common/store/peek.h"
#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store {
namespace {

using test::name;
using test::StoreFixture;

namespace fs = std::filesystem;

std::uint32_t serial_in(const std::string& directory) {
    const Result<std::vector<zone::ZoneState>> zones = peek(directory);
    REQUIRE(zones);
    REQUIRE(zones->size() == 1);
    REQUIRE(zones->front().version);
    return zones->front().version->serial().value();
}

struct Folders : StoreFixture {
    std::string backup = directory.path() + "/backup";
    std::string elsewhere = directory.path() + "/elsewhere";
};

}  // namespace

TEST_CASE("a backup is the store of one moment, made beside its holder", "[store][backup]") {
    Folders z;
    REQUIRE(z.replace(name("a.test."), 7, {{"www", "x"}}));
    REQUIRE(z.apply(name("a.test."),
                    {test::diff_of(name("a.test."), 7, {{"www", "x"}}, 8, {{"www", "y"}})}));
    const Result<BackupFacts> facts = back_up(z.options.directory, z.backup);
    REQUIRE(facts);
    CHECK(facts->zones == 1);
    CHECK(facts->bytes == fs::file_size(z.backup + "/data.mdb"));
    CHECK((fs::status(z.backup + "/data.mdb").permissions() & fs::perms::mask) ==
          (fs::perms::owner_read | fs::perms::owner_write));
    REQUIRE(z.replace(name("a.test."), 9, {}));  // the holder goes on

    const Result<Backup> backup = open_backup(z.backup);
    REQUIRE(backup);
    const Result<std::string> aside = put_in_place(*backup, z.elsewhere, false);
    REQUIRE(aside);
    CHECK(aside->empty());
    z.close();
    z.options.directory = z.elsewhere;
    z.open();
    CHECK(z.store->opening().set_aside.empty());
    CHECK(z.serial(name("a.test.")) == 8U);
    CHECK(z.read(name("a.test.")) == test::Model{{"www", "y"}});
    CHECK(z.history(name("a.test."), 7) == "7>8");
}

TEST_CASE("a backup replaces the one before only when it is whole", "[store][backup]") {
    Folders z;
    REQUIRE(z.replace(name("a.test."), 1, {}));
    REQUIRE(back_up(z.options.directory, z.backup));
    REQUIRE(z.replace(name("a.test."), 2, {}));
    REQUIRE(back_up(z.options.directory, z.backup));
    CHECK(serial_in(z.backup) == 2);
    z.close();
    fs::resize_file(z.options.directory + "/data.mdb",
                    fs::file_size(z.options.directory + "/data.mdb") / 2);
    CHECK_FALSE(back_up(z.options.directory, z.backup));
    CHECK(serial_in(z.backup) == 2);
    CHECK(std::distance(fs::directory_iterator{z.backup}, {}) == 1);
}

TEST_CASE("what is no place for a backup gets none", "[store][backup]") {
    Folders z;
    const auto code = [](const Result<BackupFacts>& result) {
        REQUIRE_FALSE(result);
        return result.error().code();
    };
    CHECK(code(back_up(z.options.directory, z.options.directory)) == Errc::usage);
    CHECK(code(back_up(z.elsewhere, z.backup)) == Errc::not_found);
    CHECK_FALSE(fs::exists(z.backup));
    CHECK(open_backup(z.backup).error().code() == Errc::not_found);
}

TEST_CASE("a store in place is only replaced by an operator's word, and kept", "[store][backup]") {
    Folders z;
    REQUIRE(z.replace(name("a.test."), 1, {}));
    REQUIRE(back_up(z.options.directory, z.backup));
    REQUIRE(z.replace(name("a.test."), 2, {}));
    const Result<Backup> backup = open_backup(z.backup);
    REQUIRE(backup);
    CHECK(put_in_place(*backup, z.options.directory, true).error().code() == Errc::store_locked);
    z.close();
    CHECK(put_in_place(*backup, z.options.directory, false).error().code() == Errc::usage);
    CHECK(serial_in(z.options.directory) == 2);
    const Result<std::string> aside = put_in_place(*backup, z.options.directory, true);
    REQUIRE(aside);
    CHECK(serial_in(z.options.directory) == 1);
    fs::create_directory(z.elsewhere);
    fs::rename(*aside, z.elsewhere + "/data.mdb");
    CHECK(serial_in(z.elsewhere) == 2);
}

TEST_CASE("a backup that is damaged is not put in place", "[store][backup]") {
    Folders z;
    REQUIRE(z.replace(name("a.test."), 1, test::big_model(2000)));
    REQUIRE(back_up(z.options.directory, z.backup));
    const std::string file = z.backup + "/data.mdb";
    SECTION("cut short") {
        fs::resize_file(file, fs::file_size(file) - 8192);
    }
    SECTION("not a store") {
        std::ofstream{file} << "zone text\n";
    }
    CHECK_FALSE(open_backup(z.backup));
}

}  // namespace twinzone::store
