#include "common/net/file_watcher.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tests/unit/net/loopback.h"
#include "tests/unit/net/temporary_folder.h"

namespace twinzone::net {

TEST_CASE("a file that is written or replaced by rename is told by name", "[net]") {
    const bool is_replaced = GENERATE(false, true);
    const test::TemporaryFolder folder;
    std::ofstream{folder.file("other")} << "2";
    Loop loop;
    const auto watcher = FileWatcher::watch(loop, folder.path(), [&](std::string_view name) {
        if (name == "example.test.zone") {
            loop.stop();
        }
    });
    REQUIRE(watcher.has_value());
    if (is_replaced) {
        std::filesystem::rename(folder.file("other"), folder.file("example.test.zone"));
    } else {
        std::ofstream{folder.file("example.test.zone")} << "1";
    }
    test::run_to_stop(loop);
}

TEST_CASE("a watcher may be destroyed in its callback", "[net]") {
    const test::TemporaryFolder folder;
    Loop loop;
    int calls = 0;
    std::unique_ptr<FileWatcher> watcher;
    auto watching = FileWatcher::watch(loop, folder.path(), [&](std::string_view) {
        ++calls;
        watcher.reset();
        loop.stop();
    });
    REQUIRE(watching.has_value());
    watcher = std::move(*watching);
    std::ofstream{folder.file("a")} << "1";
    std::ofstream{folder.file("b")} << "2";
    test::run_to_stop(loop);
    CHECK(calls == 1);
}

TEST_CASE("a directory that is not there cannot be watched", "[net]") {
    const test::TemporaryFolder folder;
    Loop loop;
    const auto watcher = FileWatcher::watch(loop, folder.file("none"), [](std::string_view) {});
    REQUIRE_FALSE(watcher.has_value());
    CHECK(watcher.error().code() == Errc::file_unreadable);
    CHECK(watcher.error().detail().find(folder.file("none")) != std::string::npos);
}

}  // namespace twinzone::net
