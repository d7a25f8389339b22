#include "secondary/sync_textfile.h"

#include <filesystem>
#include <sstream>

#include <sys/stat.h>

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/secondary/outcomes.h"

namespace twinzone::secondary {
namespace {

using test::confirmed;
using test::ended;
using test::failed;

bool has_line(const std::string& text, const std::string& line) {
    return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::string read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
}

TEST_CASE("the textfile has each zone's facts, and none that are not known", "[sync]") {
    ZoneOutcome good = confirmed("a.test.", seconds{0});
    good.took = milliseconds{250};
    good.changed = true;
    ZoneOutcome never = failed("b\\\"c.test.", Errc::rcode, seconds{0});
    never.serial.reset();
    never.last_success.reset();
    never.expires.reset();
    const std::string text = textfile_text(ended({good, never}));
    for (const char* line : {
             "# TYPE twinzone_zone_serial gauge",
             "twinzone_zone_serial{zone=\"a.test.\"} 7",
             "twinzone_zone_records{zone=\"a.test.\"} 12",
             "twinzone_zone_last_success_timestamp_seconds{zone=\"a.test.\"} 1800000000",
             "twinzone_zone_expire_timestamp_seconds{zone=\"a.test.\"} 1800176400",
             "twinzone_sync_success{zone=\"a.test.\"} 1",
             "twinzone_sync_success{zone=\"b\\\\\\\"c.test.\"} 0",
             "twinzone_sync_changed{zone=\"a.test.\"} 1",
             "twinzone_sync_duration_seconds{zone=\"a.test.\"} 0.250000",
             "twinzone_sync_last_run_timestamp_seconds 1800000000",
             "twinzone_sync_last_run_duration_seconds 1.500000",
         }) {
        CAPTURE(line);
        CHECK(has_line(text, line));
    }
    CHECK(text.find("twinzone_zone_serial{zone=\"b") == std::string::npos);
    CHECK(text.find("twinzone_zone_last_success_timestamp_seconds{zone=\"b") == std::string::npos);
}

TEST_CASE("a serial above 2^31 is written out", "[sync]") {
    ZoneOutcome zone = confirmed("a.test.", seconds{0});
    zone.serial = dns::Serial{4'294'967'295};
    CHECK(has_line(textfile_text(ended({zone})),
                   "twinzone_zone_serial{zone=\"a.test.\"} 4294967295"));
}

TEST_CASE("the textfile is put in place whole and readable by its collector", "[sync]") {
    const test::TemporaryFolder folder;
    const std::string path = folder.in("twinzone.prom");
    folder.write("twinzone.prom.new", std::string(10'000, 'x'));  // a killed sync left it behind
    REQUIRE(write_textfile(path, ended({confirmed("a.test.", seconds{0})})));
    CHECK(read(path) == textfile_text(ended({confirmed("a.test.", seconds{0})})));
    CHECK_FALSE(std::filesystem::exists(path + ".new"));
    struct stat facts {};
    REQUIRE(::stat(path.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0644U);
}

TEST_CASE("a textfile that cannot be written is an error with its path", "[sync]") {
    const Result<void> written = write_textfile("/nowhere/twinzone.prom", ended({}));
    REQUIRE_FALSE(written);
    CHECK(written.error().code() == Errc::file_unreadable);
    CHECK(written.error().detail().find("/nowhere/twinzone.prom") != std::string::npos);
}

}  // namespace
}  // namespace twinzone::secondary
