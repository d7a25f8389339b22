// Reading, opening and copying a store, with the database below it failing at each call in turn.
#include <cerrno>
#include <filesystem>
#include <functional>

#include <fmt/format.h>
#include <lmdb.h>

#include "common/store/backup.h"
#include "common/store/batch.h"
#include "common/store/file_check.h"
#include "common/store/held_snapshot.h"
#include "common/store/peek.h"
#include "tests/support/catch.h"
#include "tests/unit/store/engine_fault.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

using Calls = FailingEngine::Calls;

const dns::Name& zone_name() {
    static const dns::Name name = test::name("example.test");
    return name;
}

// Three versions in service, and one that the guard holds: as differences, or whole.
struct FullStore : StoreFixture {
    explicit FullStore(bool whole) {
        const std::string text(whole ? 200 : 1, 'x');
        for (std::uint32_t serial = 1; serial <= 3; ++serial) {
            REQUIRE(replace(zone_name(), serial, big_model(500 + serial, text)));
        }
        Model next = big_model(10, text);
        if (whole) {
            for (const auto& [owner, value] : big_model(500, text)) {
                next.emplace(fmt::format("other-{}", owner), value);
            }
        }
        zone::Commit work = frame(zone_name());
        work.change =
            zone::ReplaceWith{soa(zone_name(), 4), stream_of(zone_name(), next, options.directory)};
        work.guard = zone::GuardLimits{.max_delete_percent = 50, .min_records = 10};
        work.owe_notify = {"ns2"};
        const Result<zone::Committed> done = commit(std::move(work));
        REQUIRE(done);
        REQUIRE(done->held);
    }
};

Result<std::uint64_t> octets_of(zone::PageCursor& pages) {
    std::uint64_t sum = 0;
    for (;;) {
        const Result<std::optional<ByteView>> page = pages.next();
        if (!page) {
            return fail(page.error());
        }
        if (!*page) {
            return sum;
        }
        sum += (*page)->size();
    }
}

Result<std::uint64_t> octets_of(Result<std::unique_ptr<zone::PageCursor>> pages) {
    if (!pages) {
        return fail(std::move(pages).error());
    }
    return *pages ? octets_of(**pages) : std::uint64_t{0};
}

Result<std::uint64_t> count_of(Result<std::vector<zone::HistoryStep>> steps) {
    return steps ? Result<std::uint64_t>{steps->size()} : fail(std::move(steps).error());
}

Result<std::uint64_t> held_records(StoreFixture& f) {
    const auto held = f.store->held(zone_name());
    if (!held) {
        return fail(held.error());
    }
    const auto records = (*held)->held_records();
    if (!records) {
        return fail(records.error());
    }
    for (std::uint64_t count = 0;; ++count) {
        const auto record = (*records)->next();
        if (!record) {
            return fail(record.error());
        }
        if (!*record) {
            return count;
        }
    }
}

using Snapshot = std::shared_ptr<const zone::Snapshot>;

struct Reading {
    const char* name;
    std::function<Result<std::uint64_t>(StoreFixture&, const Snapshot&)> run;
};

std::vector<Reading> readings() {
    return {
        {"a new snapshot",
         [](StoreFixture& f, const Snapshot&) -> Result<std::uint64_t> {
             const auto taken = f.store->snapshot(zone_name());
             return taken ? Result<std::uint64_t>{(*taken)->version().records}
                          : fail(taken.error());
         }},
        {"all pages",
         [](StoreFixture&, const Snapshot& held) { return octets_of(*held->pages()); }},
        {"the way from a serial",
         [](StoreFixture&, const Snapshot& held) -> Result<std::uint64_t> {
             auto steps = held->history(dns::Serial{1});
             if (!steps) {
                 return fail(std::move(steps).error());
             }
             return *steps ? Result<std::uint64_t>{(*steps)->size()} : std::uint64_t{0};
         }},
        {"pages of history",
         [](StoreFixture&, const Snapshot& held) {
             return octets_of(held->history_pages(dns::Serial{1}));
         }},
        {"all history",
         [](StoreFixture&, const Snapshot& held) { return count_of(held->all_history()); }},
        {"pages of one step",
         [](StoreFixture&, const Snapshot& held) { return octets_of(held->step_pages(1)); }},
        {"records of a held version",
         [](StoreFixture& f, const Snapshot&) { return held_records(f); }},
    };
}

std::size_t set_aside_in(const std::string& directory) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{directory}) {
        count += entry.path().string().find("damaged") != std::string::npos ? 1 : 0;
    }
    return count;
}

void put_raw(const StoreFixture& f, Table table, const Bytes& key, const Bytes& value) {
    const auto lock = LockFile::acquire(f.options.directory, "test");
    REQUIRE(lock);
    {
        const auto env = Environment::open({f.options.directory, f.options.max_bytes, *lock});
        REQUIRE(env);
        Result<WriteTransaction> txn = WriteTransaction::begin(*env);
        REQUIRE(txn);
        REQUIRE(txn->put(table, key, value));
        REQUIRE(txn->commit());
    }
    (*lock)->mark_clean();
}

}  // namespace

TEST_CASE("what is read is told whole or not at all, wherever reading fails", "[store][fault]") {
    const bool whole = GENERATE(false, true);
    FullStore f{whole};
    const Snapshot held = f.snapshot(zone_name());
    for (const Reading& reading : readings()) {
        INFO(reading.name);
        const Result<std::uint64_t> good = reading.run(f, held);
        REQUIRE(good);
        REQUIRE(*good > 0);
        bool met = true;
        for (std::uint64_t call = 0; met; ++call) {
            const FailingEngine fault{call, MDB_CORRUPTED, Calls::that_one};
            const Result<std::uint64_t> got = reading.run(f, held);
            met = FailingEngine::met();
            REQUIRE(got.has_value() == !met);
            if (met) {
                CHECK(got.error().code() == Errc::store_corrupt);
            } else {
                CHECK(*got == *good);
            }
        }
    }
    CHECK(f.read(zone_name()) == big_model(503, std::string(whole ? 200 : 1, 'x')));
}

TEST_CASE("a disk that fails while a store is opened is an error, and no damage",
          "[store][fault]") {
    const int code = GENERATE(int{EIO}, int{ENOSPC}, int{EACCES}, int{ENOMEM});
    FullStore f{false};
    const auto expected = [code] {
        switch (code) {
            case EIO: return Errc::store_io;
            case ENOSPC: return Errc::disk_full;
            case EACCES: return Errc::file_unreadable;
            default: return Errc::limit;
        }
    };
    f.close();
    // A map that finds no room is tried smaller.
    const Calls calls = code == ENOMEM ? Calls::from_then_on : Calls::that_one;
    bool met = true;
    for (std::uint64_t call = 0; met; ++call) {
        {
            const FailingEngine fault{call, code, calls};
            const auto opened = Store::open(f.options);
            met = FailingEngine::met();
            REQUIRE(opened.has_value() == !met);
            if (met) {
                CHECK(opened.error().code() == expected());
            }
        }
        REQUIRE(set_aside_in(f.options.directory) == 0);
    }
    f.open();
    CHECK(f.serial(zone_name()) == 3U);
    CHECK(f.store->hold(zone_name()) != nullptr);
}

TEST_CASE("a store whose repair fails opens all the same, and is repaired the next time",
          "[store][fault][R59]") {
    FullStore f{false};
    REQUIRE(f.replace(name("other.test"), 1, {{"www", "one"}}));
    f.close();
    const Bytes key = zone_key(name("bad.test"));
    const Bytes rot(40, 7);
    bool met = true;
    bool told = false;
    for (std::uint64_t call = 0; met; ++call) {
        put_raw(f, Table::zones, key, rot);
        put_raw(f, Table::holds, key, rot);
        const FailingEngine fault{call, ENOSPC, Calls::that_one};
        const auto opened = Store::open(f.options);
        met = FailingEngine::met();
        if (!opened) {
            CHECK(opened.error().code() == Errc::disk_full);
            continue;
        }
        const Opening& opening = (*opened)->opening();
        CHECK(opening.repair_failed.empty() == !met);
        told = told || !opening.repair_failed.empty();
        CHECK(opening.damaged_zones == std::vector{name("bad.test")});
        CHECK(opening.damaged_holds == std::vector{name("bad.test")});
        CHECK((*opened)->find(name("bad.test").view()) == nullptr);
        CHECK((*opened)->hold(name("bad.test").view()) == nullptr);
        CHECK((*opened)->find(name("other.test").view()) != nullptr);
        REQUIRE(set_aside_in(f.options.directory) == 0);
    }
    CHECK(told);
    f.open();
    CHECK(f.store->opening().damaged_zones.empty());
    CHECK(f.store->opening().damaged_holds.empty());
}

TEST_CASE("a peek and a backup are whole or an error, wherever reading fails", "[store][fault]") {
    FullStore f{false};
    f.close();
    const std::string folder = f.directory.path() + "/backup";
    bool met = true;
    for (std::uint64_t call = 0; met; ++call) {
        const FailingEngine fault{call, EIO, Calls::that_one};
        const auto zones = peek(f.options.directory);
        met = FailingEngine::met();
        REQUIRE(zones.has_value() == !met);
        CHECK((met ? zones.error().code() == Errc::store_io : zones->size() == 1));
    }
    met = true;
    for (std::uint64_t call = 0; met; ++call) {
        const FailingEngine fault{call, EIO, Calls::that_one};
        const auto facts = back_up(f.options.directory, folder);
        met = FailingEngine::met();
        REQUIRE(facts.has_value() == !met);
        CHECK((met ? facts.error().code() == Errc::store_io : facts->zones == 1));
        if (std::filesystem::exists(folder + "/data.mdb")) {  // it failed after that
            CHECK(check_file(folder + "/data.mdb", CheckDepth::whole));
        }
    }
    const auto backup = open_backup(folder);
    REQUIRE(backup);
    // What cannot be looked into might be mended by somebody: it is not lost.
    met = true;
    for (std::uint64_t call = 0; met; ++call) {
        const FailingEngine fault{call, EIO, Calls::that_one};
        const auto put = put_in_place(*backup, f.options.directory, false);
        met = FailingEngine::met();
        REQUIRE_FALSE(put);
        CHECK(put.error().code() == Errc::usage);
    }
    f.open();
    CHECK(f.read(zone_name()) == big_model(503));
}

}  // namespace twinzone::store::test
