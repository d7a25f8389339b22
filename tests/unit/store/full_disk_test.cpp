// A disk without room, and paths that are no files, beside commits.
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "common/store/backup.h"
#include "common/store/peek.h"
#include "tests/support/catch.h"
#include "tests/unit/store/disk_fault.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

namespace fs = std::filesystem;

const dns::Name& zone_name() {
    static const dns::Name name = test::name("example.test");
    return name;
}

}  // namespace

TEST_CASE("a full disk keeps no store from opening and being read", "[store][disk][R52]") {
    StoreFixture f;
    const Model model = big_model(500);
    REQUIRE(f.replace(zone_name(), 1, model));
    f.close();
    const FullDisk full{1};
    f.open();
    CHECK(f.store->opening().set_aside.empty());
    CHECK(f.read(zone_name()) == model);
    f.close();
}

TEST_CASE("a backup that finds no room leaves the one before", "[store][disk][backup]") {
    StoreFixture f;
    const std::string folder = f.directory.path() + "/backup";
    REQUIRE(f.replace(zone_name(), 1, big_model(2000)));
    REQUIRE(back_up(f.options.directory, folder));
    const auto bytes = fs::file_size(folder + "/data.mdb");
    REQUIRE(f.replace(zone_name(), 2, big_model(9000)));
    {
        const FullDisk full{bytes / 2};
        const auto facts = back_up(f.options.directory, folder);
        REQUIRE_FALSE(facts);
        CHECK(facts.error().code() == Errc::disk_full);
    }
    CHECK(fs::file_size(folder + "/data.mdb") == bytes);
    CHECK(std::distance(fs::directory_iterator{folder}, {}) == 1);
    CHECK(open_backup(folder));
}

TEST_CASE("a restore that finds no room leaves the store as it is", "[store][disk][backup]") {
    StoreFixture f;
    const std::string folder = f.directory.path() + "/backup";
    REQUIRE(f.replace(zone_name(), 1, big_model(9000)));
    REQUIRE(back_up(f.options.directory, folder));
    REQUIRE(f.replace(zone_name(), 2, big_model(10)));
    f.close();
    const auto backup = open_backup(folder);
    REQUIRE(backup);
    {
        const FullDisk full{backup->facts.bytes / 2};
        const auto put = put_in_place(*backup, f.options.directory, true);
        REQUIRE_FALSE(put);
        CHECK(is_local(put.error().code()));
    }
    for (const auto& entry : fs::directory_iterator{f.options.directory}) {
        CHECK(entry.path().string().find("replaced") == std::string::npos);
    }
    f.open();
    CHECK(f.serial(zone_name()) == 2U);
    CHECK(f.read(zone_name()) == big_model(10));
}

TEST_CASE("a path that is no store's is an error with the path", "[store]") {
    StoreFixture f;
    REQUIRE(f.replace(zone_name(), 1, {}));
    const std::string file = f.directory.path() + "/file";
    std::ofstream{file} << "text\n";
    SECTION("a file in the place of a folder") {
        StoreOptions options;
        options.directory = file;
        const auto opened = Store::open(options);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code() == Errc::file_unreadable);
        CHECK_THAT(opened.error().detail(), Catch::Contains(file));
        const auto facts = back_up(f.options.directory, file + "/backup");
        REQUIRE_FALSE(facts);
        CHECK(facts.error().code() == Errc::file_unreadable);
        CHECK_THAT(facts.error().detail(), Catch::Contains(file));
    }
    SECTION("a folder in the place of the lock") {
        StoreOptions options;
        options.directory = f.directory.path() + "/other";
        fs::create_directories(options.directory + "/twinzone.lock");
        const auto opened = Store::open(options);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code() == Errc::file_unreadable);
        CHECK_THAT(opened.error().detail(), Catch::Contains("twinzone.lock"));
    }
    SECTION("a backup in the place of a file") {
        REQUIRE(back_up(f.options.directory, f.directory.path() + "/backup"));
        const auto backup = open_backup(f.directory.path() + "/backup");
        REQUIRE(backup);
        const auto put = put_in_place(*backup, file, true);
        REQUIRE_FALSE(put);
        CHECK(put.error().code() == Errc::file_unreadable);
        CHECK_THAT(put.error().detail(), Catch::Contains(file));
    }
}

}  // namespace twinzone::store::test
