// A process that is killed while it commits: what it was told of is there afterwards, nothing is
// half there, nothing is left over.
#include <algorithm>
#include <array>
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/random.h"
#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

constexpr std::size_t kZones = 5;

dns::Name zone_at(std::size_t index) {
    return name(fmt::format("zone{}.test", index));
}

// Serials name content: the last zone is a large one that is replaced by other names each time, the
// others change in part.
Model content(std::size_t zone, std::uint32_t serial) {
    if (zone == kZones - 1) {
        return big_model(30000, fmt::format("{:0>200}.", serial));
    }
    Model model = big_model(300);
    for (std::uint32_t i = 0; i < 5; ++i) {
        model[fmt::format("name{}", (serial * 7 + i * 31) % 300)] =
            fmt::format("serial {}", serial);
    }
    return model;
}

// In the child: commits until it is killed. A report is one octet for the zone and four for the
// serial, written once Done was called.
[[noreturn]] void commit_for_ever(const StoreOptions& options, int reports) {
    Result<std::unique_ptr<Store>> store = Store::open(options);
    if (!store) {
        _exit(1);
    }
    std::array<std::uint32_t, kZones> serials{};
    for (std::size_t i = 0; i < kZones; ++i) {
        const zone::ZoneState* state = (*store)->find(zone_at(i));
        serials[i] = state != nullptr ? state->version->serial().value() : 0;
    }
    for (;;) {
        for (std::size_t i = 0; i < kZones; ++i) {
            zone::Commit work;
            work.zone = zone_at(i);
            if (serials[i] != 0) {
                work.base = dns::Serial{serials[i]};
            }
            const std::uint32_t serial = ++serials[i];
            work.change =
                zone::ReplaceWith{soa(work.zone, serial),
                                  stream_of(work.zone, content(i, serial), options.directory)};
            (*store)->submit(std::move(work),
                             [i, serial, reports](const Result<zone::Committed>& done) {
                                 Bytes report{static_cast<std::uint8_t>(i)};
                                 ByteWriter{report}.u32(done ? serial : 0);
                                 if (write(reports, report.data(), report.size()) != 5 || !done) {
                                     _exit(1);
                                 }
                             });
            (*store)->run_completions();
        }
        (*store)->drain();
    }
}

// Reads `count` reports, then kills the child and reads those on the way. The last serial of each
// zone.
std::array<std::uint32_t, kZones> kill_after(pid_t child, int reports, std::uint64_t count) {
    std::array<std::uint32_t, kZones> told{};
    for (;;) {
        std::array<std::uint8_t, 5> report{};
        if (read(reports, report.data(), report.size()) != 5) {
            break;
        }
        told.at(report[0]) = load_u32(report.data() + 1);
        REQUIRE(told.at(report[0]) != 0);
        if (count > 0 && --count == 0) {
            kill(child, SIGKILL);
        }
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    return told;
}

}  // namespace

TEST_CASE("a killed process leaves whole versions and nothing else", "[store][crash]") {
    StoreFixture f;
    f.close();
    Random random{3};
    std::array<std::uint32_t, kZones> told{};
    for (int round = 0; round < 12; ++round) {
        INFO("round " << round);
        int ends[2];
        REQUIRE(pipe(ends) == 0);
        const pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            commit_for_ever(f.options, ends[1]);
        }
        close(ends[1]);
        const auto now = kill_after(child, ends[0], 1 + random.below(12));
        close(ends[0]);
        f.open();
        CHECK(f.store->opening().set_aside.empty());
        for (std::size_t i = 0; i < kZones; ++i) {
            told[i] = std::max(told[i], now[i]);
            const std::uint32_t serial = f.serial(zone_at(i)).value_or(0);
            CHECK(serial >= told[i]);
            if (serial != 0) {
                CHECK((f.read(zone_at(i)) == content(i, serial)));
            }
        }
        f.store->drain();
        f.close();
    }
    f.open();
    for (std::size_t i = 0; i < kZones; ++i) {
        REQUIRE(f.drop(zone_at(i)));
    }
    CHECK(f.entries(Table::pages) == 0);
    CHECK(f.entries(Table::journal) == 0);
    CHECK(f.entries(Table::meta) == 1);
}

}  // namespace twinzone::store::test
