#include "primary/seen_files.h"

#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace twinzone::primary {

namespace {

SeenFile seen(const char* zone, std::uint64_t inode) {
    return {.zone = *dns::Name::from_text(zone),
            .file = mark_of({.device = 1,
                             .inode = inode,
                             .size = 3,
                             .modified_ns = -4,
                             .changed_ns = 1'700'000'000'000'000'000}),
            .version = zone::Digest{5, 6},
            .serial_policy = config::SerialPolicy::date,
            .zonemd = config::ZonemdMode::generate};
}

}  // namespace

TEST_CASE("what was seen of files comes back once", "[primary][files]") {
    const test::TemporaryFolder folder;
    const std::string path = folder.path() + "/seen";
    const std::vector<SeenFile> all{seen("a.test.", 7), seen(".", 8), seen("B.test.", 9)};
    REQUIRE(write_seen_files(path, all));
    CHECK((take_seen_files(path) == all));
    CHECK(take_seen_files(path).empty());
}

TEST_CASE("a damaged note of seen files is none", "[primary][files]") {
    const test::TemporaryFolder folder;
    const std::string path = folder.path() + "/seen";
    const std::size_t cut = GENERATE(as<std::size_t>{}, 0, 5, 30, 60);
    REQUIRE(write_seen_files(path, {seen("a.test.", 7)}));
    std::ifstream in{path, std::ios::binary};
    std::string octets{std::istreambuf_iterator<char>{in}, {}};
    octets[cut] = static_cast<char>(octets[cut] ^ 1);
    std::ofstream{path, std::ios::binary | std::ios::trunc} << octets;
    CHECK(take_seen_files(path).empty());
    std::ofstream{path, std::ios::binary | std::ios::trunc} << octets.substr(0, cut);
    CHECK(take_seen_files(path).empty());
}

TEST_CASE("a note that cannot be written says so", "[primary][files]") {
    CHECK_FALSE(write_seen_files("/nowhere/seen", {}));
}

}  // namespace twinzone::primary
