#include "secondary/zone_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/catch.h"
#include "tests/support/memory_snapshot.h"
#include "tests/support/temporary_folder.h"

namespace twinzone::secondary {
namespace {

namespace t = twinzone::test;

// As the store's snapshots are: with the digest of the version.
class Version final : public zone::Snapshot {
  public:
    explicit Version(std::uint32_t serial)
        : held_(t::soa_record(serial), t::list_of({t::ns(), t::a("www")}), {}),
          version_(held_.version()) {
        version_.digest.add(version_.soa.record().view());
        for (std::size_t i = 0; i < held_.records().size(); ++i) {
            version_.digest.add(held_.records()[i]);
        }
    }
    [[nodiscard]] const zone::Version& version() const noexcept override { return version_; }
    [[nodiscard]] std::unique_ptr<zone::PageCursor> pages() const override { return held_.pages(); }
    [[nodiscard]] Result<std::optional<std::vector<zone::HistoryStep>>> history(
        dns::Serial serial) const override {
        return held_.history(serial);
    }
    [[nodiscard]] Result<std::unique_ptr<zone::PageCursor>> history_pages(
        dns::Serial serial) const override {
        return held_.history_pages(serial);
    }
    [[nodiscard]] Result<std::vector<zone::HistoryStep>> all_history() const override {
        return held_.all_history();
    }
    [[nodiscard]] Result<std::unique_ptr<zone::PageCursor>> step_pages(
        std::size_t back) const override {
        return held_.step_pages(back);
    }
    void spoil() { version_.digest.add(t::a("other").view()); }

  private:
    t::MemorySnapshot held_;
    zone::Version version_;
};

std::string text_of(const std::string& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

mode_t mode_of(const std::string& path) {
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    return found.st_mode & 07777U;
}

std::size_t files_in(const std::string& folder) {
    const std::filesystem::directory_iterator files{folder};
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

}  // namespace

TEST_CASE("a version becomes a file that reads back as it, and nothing else is left",
          "[secondary][R58]") {
    const t::TemporaryFolder folder;
    const std::string path = folder.in("z");
    REQUIRE(write_zone_file(Version{7}, path, OldFile::kept));
    CHECK(serial_in_zone_file(path, t::apex()) == dns::Serial{7});
    CHECK(text_of(path).find("www.example.test.") != std::string::npos);
    CHECK(files_in(folder.path()) == 1);
    CHECK_FALSE(has_previous_zone_file(path));
    CHECK((mode_of(path) & 0007U) == 0);
}

TEST_CASE("a file that does not read back as the version never gets in place", "[secondary][R50]") {
    const t::TemporaryFolder folder;
    const std::string path = folder.in("z");
    REQUIRE(write_zone_file(Version{7}, path, OldFile::replaced));
    Version spoiled{8};
    spoiled.spoil();
    const Result<void> written = write_zone_file(spoiled, path, OldFile::kept);
    REQUIRE_FALSE(written);
    CHECK(written.error().code() == Errc::internal);
    CHECK(serial_in_zone_file(path, t::apex()) == dns::Serial{7});
    CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("the previous file is kept, put back and dropped", "[secondary]") {
    const t::TemporaryFolder folder;
    const std::string path = folder.write("z", "; an operator's own file\n");
    REQUIRE(write_zone_file(Version{7}, path, OldFile::kept));
    CHECK(has_previous_zone_file(path));
    // The next replaces only what is in place.
    REQUIRE(write_zone_file(Version{8}, path, OldFile::replaced));
    REQUIRE(put_back_zone_file(path));
    CHECK(text_of(path) == "; an operator's own file\n");
    CHECK_FALSE(has_previous_zone_file(path));
    const Result<void> again = put_back_zone_file(path);
    REQUIRE_FALSE(again);
    CHECK(again.error().code() == Errc::not_found);
    REQUIRE(write_zone_file(Version{9}, path, OldFile::kept));
    REQUIRE(write_zone_file(Version{10}, path, OldFile::kept));
    CHECK(serial_in_zone_file(path + ".previous", t::apex()) == dns::Serial{9});
    drop_previous_zone_file(path);
    static_cast<void>(folder.write("z.new", "half a fi"));
    drop_unfinished_zone_file(path);
    CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("a new file has the mode and group of the old one", "[secondary]") {
    const t::TemporaryFolder folder;
    const std::string path = folder.write("z", "");
    REQUIRE(::chmod(path.c_str(), 0644) == 0);
    const bool is_root = ::geteuid() == 0;
    if (is_root) {
        REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
    }
    REQUIRE(write_zone_file(Version{7}, path, OldFile::kept));
    CHECK(mode_of(path) == 0644);
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    CHECK((!is_root || (found.st_uid == 65534 && found.st_gid == 65534)));
}

TEST_CASE("a folder that is not there is an error that names the file", "[secondary]") {
    const t::TemporaryFolder folder;
    const Result<void> written =
        write_zone_file(Version{7}, folder.in("none/z"), OldFile::replaced);
    REQUIRE_FALSE(written);
    CHECK(written.error().code() == Errc::file_unreadable);
    CHECK(written.error().detail().find("none/z") != std::string::npos);
}

}  // namespace twinzone::secondary
