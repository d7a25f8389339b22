#include "common/store/peek.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store {
namespace {

using test::name;
using test::StoreFixture;

// Every file of a folder with its time and content.
std::string picture(const std::string& directory) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator{directory}) {
        std::ostringstream text;
        text << entry.last_write_time().time_since_epoch().count() << ' '
             << std::ifstream{entry.path()}.rdbuf();
        files[entry.path().filename()] = text.str();
    }
    std::string all;
    for (const auto& [file, text] : files) {
        all += file;
        all += text;
    }
    return all;
}

TEST_CASE("a peek sees every zone and changes nothing", "[store]") {
    StoreFixture fixture;
    REQUIRE(fixture.replace(name("a.test."), 7, {{"www", "x"}}));
    REQUIRE(fixture.replace(name("b.test."), 9, {}));
    fixture.close();
    const std::string before = picture(fixture.options.directory);

    const Result<std::vector<zone::ZoneState>> states = peek(fixture.options.directory);

    REQUIRE(states);
    REQUIRE(states->size() == 2);
    for (const zone::ZoneState& state : *states) {
        REQUIRE(state.version);
        CHECK(state.version->serial().value() == (state.zone == name("a.test.") ? 7 : 9));
    }
    CHECK(picture(fixture.options.directory) == before);
}

TEST_CASE("where there is no store yet, a peek makes none", "[store]") {
    const test::TemporaryDirectory directory;
    const std::string nowhere = directory.path() + "/store";
    const Result<std::vector<zone::ZoneState>> states = peek(nowhere);
    REQUIRE(states);
    CHECK(states->empty());
    CHECK_FALSE(std::filesystem::exists(nowhere));
    // An empty file is what a first start leaves that was killed at once.
    std::filesystem::create_directory(nowhere);
    std::ofstream{nowhere + "/data.mdb"}.close();
    CHECK(peek(nowhere)->empty());
}

TEST_CASE("a store that is in use is not looked into", "[store]") {
    StoreFixture fixture;
    REQUIRE(fixture.replace(name("a.test."), 7, {}));
    const Result<std::vector<zone::ZoneState>> states = peek(fixture.options.directory);
    REQUIRE_FALSE(states);
    CHECK(states.error().code() == Errc::store_locked);
    CHECK(states.error().detail().find("in use by") != std::string::npos);
}

TEST_CASE("a store that opening would set aside is told and left as it is", "[store]") {
    StoreFixture fixture;
    fixture.close();
    std::ofstream{fixture.options.directory + "/data.mdb"} << std::string(20'000, 'x');
    const std::string before = picture(fixture.options.directory);
    const Result<std::vector<zone::ZoneState>> states = peek(fixture.options.directory);
    REQUIRE_FALSE(states);
    CHECK(states.error().code() == Errc::store_corrupt);
    CHECK(picture(fixture.options.directory) == before);
}

}  // namespace
}  // namespace twinzone::store
