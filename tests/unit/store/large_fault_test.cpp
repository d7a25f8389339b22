// A version of several transactions, with the database failing at its first calls and its last.
#include <cerrno>

#include <fmt/format.h>
#include <lmdb.h>

#include "tests/support/catch.h"
#include "tests/unit/store/engine_fault.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

const dns::Name& zone_name() {
    static const dns::Name name = test::name("example.test");
    return name;
}

const Model& old_model() {
    static const Model model = big_model(25'000, std::string(200, 'x'));
    return model;
}

// Each tenth text differs, so that most pages do.
const Model& new_model() {
    static const Model model = [] {
        Model changed = old_model();
        for (auto& [owner, text] : changed) {
            text = owner.back() == '0' ? owner : text;
        }
        return changed;
    }();
    return model;
}

Result<zone::Committed> put_large(StoreFixture& f, const Model& model, bool guarded) {
    zone::Commit work = f.frame(zone_name());
    work.change =
        zone::ReplaceWith{soa(zone_name(), 2), stream_of(zone_name(), model, f.options.directory)};
    work.owe_notify = {"ns2"};
    if (guarded) {
        work.guard = zone::GuardLimits{.max_delete_percent = 5, .min_records = 10};
    }
    return f.commit(std::move(work));
}

void check_nothing_came(StoreFixture& f) {
    CHECK(f.serial(zone_name()) == 1U);
    CHECK(f.store->hold(zone_name()) == nullptr);
    CHECK(f.store->owed_notifies().empty());
    CHECK((f.read(zone_name()) == old_model()));
}

}  // namespace

TEST_CASE("a large version that fails at any of its steps leaves nothing behind",
          "[store][fault][large]") {
    StoreFixture f;
    REQUIRE(f.replace(zone_name(), 1, old_model()));
    const std::uint64_t pages = f.entries(Table::pages);
    const bool guarded = GENERATE(false, true);
    Model wanted = new_model();
    if (guarded) {
        for (int i = 0; i < 25'000; i += 10) {
            wanted.erase(fmt::format("name{}", i));
        }
    }
    int failed = 0;
    bool met = true;
    for (std::uint64_t call = 0; met; call += call < 40 ? 8 : call) {
        INFO("call " << call);
        std::optional<Result<zone::Committed>> done;
        {
            const FailingEngine fault{call, MDB_TXN_FULL};
            done.emplace(put_large(f, wanted, guarded));
            met = FailingEngine::met();
        }
        if (*done) {
            break;  // what failed is the sweep of what was replaced
        }
        ++failed;
        CHECK(done->error().code() == Errc::limit);
        check_nothing_came(f);
        f.reopen();
        f.store->drain();
    }
    CHECK(failed > 5);
    f.reopen();
    f.store->drain();
    if (guarded) {
        REQUIRE(f.store->hold(zone_name()) != nullptr);
        CHECK(f.serial(zone_name()) == 1U);
    } else {
        CHECK((f.read(zone_name()) == wanted));
        CHECK(f.history(zone_name(), 1) == "1>2");
        CHECK(f.store->owed_notifies().size() == 1);
    }
    CHECK(f.entries(Table::pages) <= pages + 5);
}

TEST_CASE("a disk that fails under a large version, or under what it replaced, comes back whole",
          "[store][fault][large]") {
    StoreFixture f;
    REQUIRE(f.replace(zone_name(), 1, old_model()));
    for (const std::uint64_t call : {5U, 1200U}) {
        INFO("call " << call);
        {
            const FailingEngine fault{call, EIO};
            const auto done = put_large(f, new_model(), false);
            REQUIRE_FALSE(done);
            CHECK(done.error().code() == Errc::store_io);
        }
        bool back = false;
        for (int attempt = 0; attempt < 1000 && !back; ++attempt) {
            back = f.replace(name("probe.test"), 1, {}).has_value();
        }
        REQUIRE(back);
        check_nothing_came(f);
        f.store->drain();
    }
    const std::uint64_t pages = f.entries(Table::pages);
    CHECK((f.read(zone_name()) == old_model()));
    REQUIRE(f.drop(zone_name()));
    f.store->drain();
    CHECK(f.entries(Table::pages) < pages / 10);
}

}  // namespace twinzone::store::test
