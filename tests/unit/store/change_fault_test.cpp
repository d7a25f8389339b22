// Every change of a store, with the database below it failing at each of its calls in turn.
#include <cerrno>
#include <functional>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <lmdb.h>

#include "common/store/agreement.h"
#include "tests/support/catch.h"
#include "tests/unit/store/engine_fault.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

using Outcome = Result<zone::Committed>;

const dns::Name& zone_name() {
    static const dns::Name name = test::name("example.test");
    return name;
}

Model model_of(std::size_t count) {
    return big_model(count, "text");
}

Model renamed(const Model& model) {
    Model other;
    for (const auto& [owner, text] : model) {
        other.emplace(fmt::format("other-{}", owner), text);
    }
    return other;
}

// Everything that an operator or a peer could see of the zone.
std::string seen(StoreFixture& f) {
    std::string text = fmt::format("serial {}\n", f.serial(zone_name()).value_or(0));
    if (f.serial(zone_name())) {
        for (const auto& [owner, value] : f.read(zone_name())) {
            text += fmt::format("{}={} ", owner, value);
        }
        text += fmt::format("\nhistory {}\n", f.history(zone_name(), 1));
    }
    if (const zone::ZoneHold* hold = f.store->hold(zone_name()); hold != nullptr) {
        text += fmt::format("held {} rejected {} frozen {}\n",
                            hold->held ? hold->held->version.serial().value() : 0,
                            hold->rejected ? hold->rejected->version.serial().value() : 0,
                            hold->frozen_since.has_value());
    }
    for (const auto& owed : f.store->owed_notifies()) {
        text += fmt::format("owed {}\n", owed.remote);
    }
    return text;
}

Outcome commit_change(StoreFixture& f, decltype(zone::Commit::change) wanted,
                      bool guarded = false) {
    zone::Commit work = f.frame(zone_name());
    work.change = std::move(wanted);
    work.owe_notify = {"ns2"};
    work.timers = zone::ZoneTimers{.last_success = UnixTime{5}, .expires = UnixTime{50}};
    work.shared = true;
    if (guarded) {
        work.guard = zone::GuardLimits{.max_delete_percent = 50, .min_records = 10};
    }
    return f.commit(std::move(work));
}

Outcome put(StoreFixture& f, std::uint32_t serial, const Model& model, bool guarded = false) {
    return commit_change(f,
                         zone::ReplaceWith{soa(zone_name(), serial),
                                           stream_of(zone_name(), model, f.options.directory)},
                         guarded);
}

Outcome apply(StoreFixture& f, bool guarded) {
    const Model all = model_of(30);
    const Model fewer = model_of(20);
    const Model few = model_of(10);
    return commit_change(f,
                         zone::ApplyDiffs{{diff_of(zone_name(), 2, all, 3, fewer),
                                           diff_of(zone_name(), 3, fewer, 4, few)}},
                         guarded);
}

struct Change {
    const char* name;
    std::function<void(StoreFixture&)> prepare;
    std::function<Outcome(StoreFixture&)> run;
};

void two_versions(StoreFixture& f) {
    REQUIRE(put(f, 1, model_of(29)));
    REQUIRE(put(f, 2, model_of(30)));
}

void one_held(StoreFixture& f) {
    two_versions(f);
    REQUIRE(apply(f, true)->held);
}

void one_held_whole(StoreFixture& f) {
    const Model all = big_model(600, std::string(200, 'x'));
    REQUIRE(put(f, 2, all));
    REQUIRE(put(f, 4, renamed(all), true)->held);
}

std::vector<Change> changes() {
    const auto nothing = [](StoreFixture&) {};
    return {
        {"first content", nothing, [](StoreFixture& f) { return put(f, 1, model_of(30)); }},
        {"content with a difference", two_versions,
         [](StoreFixture& f) { return put(f, 3, model_of(25)); }},
        {"content that differs throughout", [](StoreFixture& f) { two_versions(f); },
         [](StoreFixture& f) { return put(f, 3, renamed(big_model(600, std::string(200, 'x')))); }},
        {"a serial alone", two_versions, [](StoreFixture& f) { return put(f, 3, model_of(30)); }},
        {"differences", two_versions, [](StoreFixture& f) { return apply(f, false); }},
        {"differences that trim history",
         [](StoreFixture& f) {
             two_versions(f);
             f.store->configure(zone_name(), {.max_versions = 2});
         },
         [](StoreFixture& f) { return apply(f, false); }},
        {"timers", two_versions,
         [](StoreFixture& f) { return commit_change(f, zone::TouchTimers{}); }},
        {"differences that the guard holds", two_versions,
         [](StoreFixture& f) { return apply(f, true); }},
        {"a newer version in the place of a held one", one_held,
         [](StoreFixture& f) { return put(f, 5, model_of(9), true); }},
        {"content that the guard holds whole",
         [](StoreFixture& f) { REQUIRE(put(f, 2, big_model(600, std::string(200, 'x')))); },
         [](StoreFixture& f) {
             return put(f, 4, renamed(big_model(600, std::string(200, 'x'))), true);
         }},
        {"approval of differences", one_held,
         [](StoreFixture& f) {
             return commit_change(f, zone::PublishHeld{.serial = dns::Serial{4}});
         }},
        {"approval of whole content", one_held_whole,
         [](StoreFixture& f) {
             return commit_change(f, zone::PublishHeld{.serial = dns::Serial{4}});
         }},
        {"rejection", one_held,
         [](StoreFixture& f) {
             return commit_change(f, zone::DropHeld{.serial = dns::Serial{4}, .reject = true});
         }},
        {"a freeze", two_versions,
         [](StoreFixture& f) { return commit_change(f, zone::SetFrozen{.frozen = true}); }},
        {"dropping the zone", one_held, [](StoreFixture& f) { return f.drop(zone_name()); }},
    };
}

struct AgreeingStore : StoreFixture {
    AgreeingStore() {
        close();
        options.agree = [](std::span<Proposal> proposals) -> Result<void> {
            for (Proposal& proposal : proposals) {
                auto page = proposal.content->next();
                while (page && *page) {
                    page = proposal.content->next();
                }
                if (!page) {
                    return fail(page.error());
                }
            }
            return {};
        };
        open();
    }
};

// Until the store is there again after a disk error.
void wait_until_back(StoreFixture& f) {
    bool back = false;
    for (int attempt = 0; attempt < 1000 && !back; ++attempt) {
        back = f.replace(name("probe.test"), 1, {}).has_value();
    }
    REQUIRE(back);
}

// Every call from `first` on fails. False where the change does not come that far.
bool try_failing(StoreFixture& f, const Change& change, std::uint64_t first, int code,
                 const std::string& before) {
    std::optional<Outcome> outcome;
    {
        const FailingEngine fault{first, code};
        outcome.emplace(change.run(f));
    }
    if (f.store->is_broken()) {
        CHECK(code == EIO);
        wait_until_back(f);
    }
    if (*outcome) {
        return false;
    }
    CHECK(outcome->error().code() == (code == EIO            ? Errc::store_io
                                      : code == MDB_MAP_FULL ? Errc::store_full
                                                             : Errc::store_corrupt));
    CHECK(seen(f) == before);
    return true;
}

}  // namespace

TEST_CASE("a change fails whole wherever the database does, and goes through when it works again",
          "[store][fault]") {
    const int code = GENERATE(int{MDB_MAP_FULL}, int{MDB_CORRUPTED}, int{EIO});
    for (const Change& change : changes()) {
        INFO(change.name << ", " << mdb_strerror(code));
        std::string after;
        {
            AgreeingStore good;
            change.prepare(good);
            REQUIRE(change.run(good));
            after = seen(good);
            good.close();
        }
        AgreeingStore f;
        change.prepare(f);
        const std::string before = seen(f);
        std::uint64_t first = 0;
        while (try_failing(f, change, first, code, before)) {
            f.reopen();
            CHECK(seen(f) == before);
            if (std::string_view{change.name} == "differences that trim history") {
                f.store->configure(zone_name(), {.max_versions = 2});
            }
            ++first;
        }
        CHECK(first > 2);
        CHECK(seen(f) == after);
        f.reopen();
        CHECK(f.store->opening().set_aside.empty());
        CHECK(seen(f) == after);
        f.close();
    }
}

TEST_CASE("no call's error is lost: a change that is told as done is done", "[store][fault]") {
    for (const Change& change : changes()) {
        INFO(change.name);
        std::string before;
        std::string after;
        {
            AgreeingStore good;
            change.prepare(good);
            before = seen(good);
            REQUIRE(change.run(good));
            good.reopen();
            after = seen(good);
            good.close();
        }
        std::unique_ptr<AgreeingStore> f;
        bool met = true;
        int done = 0;  // in spite of a failed call: of the sweep that follows, mostly
        for (std::uint64_t call = 0; met && done < 8; ++call) {
            INFO("call " << call);
            if (!f) {
                f = std::make_unique<AgreeingStore>();
                change.prepare(*f);
            }
            std::optional<Outcome> outcome;
            {
                const FailingEngine fault{call, MDB_MAP_FULL, FailingEngine::Calls::that_one};
                outcome.emplace(change.run(*f));
                met = FailingEngine::met();
            }
            if (!*outcome) {
                REQUIRE(seen(*f) == before);
                continue;
            }
            f->reopen();
            REQUIRE(seen(*f) == after);
            f->close();
            f.reset();
            ++done;
        }
    }
}

TEST_CASE("a store that fails while it comes back loses sight of nothing", "[store][fault][R57]") {
    AgreeingStore f;
    two_versions(f);
    const std::string before = seen(f);
    bool met = true;
    for (std::uint64_t call = 0; met; ++call) {
        INFO("call " << call);
        {
            const FailingEngine fault{0, EIO};
            REQUIRE_FALSE(put(f, 3, model_of(25)));
        }
        REQUIRE(f.store->is_broken());
        CHECK_FALSE(f.store->used_bytes());
        CHECK(f.store->held(zone_name()).error().code() == Errc::store_io);
        {
            const FailingEngine fault{call, EIO, FailingEngine::Calls::that_one};
            for (int attempt = 0; attempt < 1000 && f.store->is_broken(); ++attempt) {
                (void)f.replace(name("probe.test"), 1, {});
            }
            met = FailingEngine::met();
        }
        wait_until_back(f);
        CHECK(f.store->used_bytes() > 0U);
        REQUIRE(seen(f) == before);
    }
    REQUIRE(put(f, 3, model_of(25)));
}

}  // namespace twinzone::store::test
