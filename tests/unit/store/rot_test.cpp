// Each value of a store rots in turn: it is seen by whoever reads it, hurts its zone alone, and is
// healed by whole content.
#include <fmt/format.h>

#include "common/store/batch.h"
#include "common/store/held_snapshot.h"
#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

const dns::Name& zone_name() {
    static const dns::Name name = test::name("example.test");
    return name;
}

// Three versions in service, one held as a difference, and a zone beside.
void fill(StoreFixture& f) {
    for (std::uint32_t serial = 1; serial <= 3; ++serial) {
        REQUIRE(f.replace(zone_name(), serial, big_model(500 + serial)));
    }
    zone::Commit work = f.frame(zone_name());
    work.change = zone::ReplaceWith{soa(zone_name(), 4),
                                    stream_of(zone_name(), big_model(10), f.options.directory)};
    work.guard = zone::GuardLimits{.max_delete_percent = 50, .min_records = 10};
    const auto done = f.commit(std::move(work));
    REQUIRE(done->held);
    REQUIRE(f.replace(name("other.test"), 1, {{"www", "one"}}));
}

// Flips a bit in the middle of entry `index`; false where the table has no such entry.
bool rot(const StoreFixture& f, Table table, std::size_t index) {
    const auto lock = LockFile::acquire(f.options.directory, "test");
    REQUIRE(lock);
    const auto env = Environment::open({f.options.directory, f.options.max_bytes, *lock});
    REQUIRE(env);
    (*lock)->mark_clean();
    Bytes key;
    Bytes value;
    {
        const auto txn = ReadTransaction::begin(*env);
        REQUIRE(txn);
        Result<Cursor> cursor = Cursor::open(**txn, table);
        REQUIRE(cursor);
        Cursor::Found found = cursor->next();
        for (std::size_t i = 0; i < index && found && *found; ++i) {
            found = cursor->next();
        }
        REQUIRE(found);
        if (!*found) {
            return false;
        }
        key.assign((*found)->key.begin(), (*found)->key.end());
        value.assign((*found)->value.begin(), (*found)->value.end());
    }
    value[value.size() / 2] ^= 1U;
    Result<WriteTransaction> txn = WriteTransaction::begin(*env);
    REQUIRE(txn);
    REQUIRE(txn->put(table, key, value));
    REQUIRE(txn->commit());
    return true;
}

// Reads pages to their end; whether one was damaged.
bool is_damaged(const Result<std::unique_ptr<zone::PageCursor>>& pages) {
    if (!pages) {
        CHECK(pages.error().code() == Errc::store_corrupt);
        return true;
    }
    for (;;) {
        const auto page = *pages ? (*pages)->next() : std::optional<ByteView>{};
        if (!page) {
            CHECK(page.error().code() == Errc::store_corrupt);
            return true;
        }
        if (!*page) {
            return false;
        }
    }
}

bool is_history_damaged(const zone::Snapshot& held) {
    const auto all = held.all_history();
    REQUIRE(all);
    bool damaged = all->size() < 2;
    for (std::size_t back = 0; back < 2; ++back) {
        damaged = is_damaged(held.step_pages(back)) || damaged;
    }
    return is_damaged(held.history_pages(dns::Serial{1})) || damaged;
}

bool is_held_damaged(StoreFixture& f) {
    const auto held = f.store->held(zone_name());
    if (!held) {
        return true;
    }
    const auto records = (*held)->held_records();
    if (!records) {
        CHECK(records.error().code() == Errc::store_corrupt);
        return true;
    }
    std::size_t count = 0;
    auto record = (*records)->next();
    for (; record && *record; record = (*records)->next()) {
        ++count;
    }
    CHECK((!record || count == 10));
    return !record;
}

// Whether anything of the store is told to be damaged.
bool is_seen(StoreFixture& f) {
    const Opening& opening = f.store->opening();
    CHECK(opening.set_aside.empty());
    if (!opening.damaged_zones.empty() || !opening.damaged_holds.empty()) {
        return true;
    }
    const auto held = f.snapshot(zone_name());
    bool seen = is_damaged(held->pages());
    seen = is_history_damaged(*held) || seen;
    seen = is_held_damaged(f) || seen;
    return is_damaged(f.snapshot(name("other.test"))->pages()) || seen;
}

}  // namespace

TEST_CASE("no value rots unseen, and whole content heals", "[store][damage][R54][R59]") {
    {
        StoreFixture sound;
        fill(sound);
        sound.reopen();
        CHECK_FALSE(is_seen(sound));
    }
    const Table table = GENERATE(Table::zones, Table::pages, Table::journal, Table::holds);
    std::size_t entry = 0;
    for (bool more = true; more; ++entry) {
        INFO("table " << static_cast<int>(table) << " entry " << entry);
        StoreFixture f;
        fill(f);
        f.close();
        more = rot(f, table, entry);
        f.open();
        CHECK(is_seen(f) == more);
        for (const char* each : {"example.test", "other.test"}) {
            const dns::Name zone = name(each);
            REQUIRE(f.replace(zone, 9, {{"www", "healed"}}));
            CHECK(f.read(zone) == Model{{"www", "healed"}});
        }
        f.reopen();
        CHECK(f.store->opening().damaged_zones.empty());
        CHECK(f.store->hold(zone_name()) == nullptr);
        CHECK(f.read(zone_name()) == Model{{"www", "healed"}});
    }
    CHECK(entry > 1);
}

}  // namespace twinzone::store::test
