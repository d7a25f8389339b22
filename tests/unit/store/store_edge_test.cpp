// What callers of a store rely on beside its commits: who is told, what is refused, who waits.
#include <atomic>
#include <fstream>
#include <future>
#include <memory>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <lmdb.h>

#include "common/store/agreement.h"
#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

const dns::Name& zone_name() {
    static const dns::Name name = test::name("example.test");
    return name;
}

// Records of a list, from a stream that cannot begin again; after `good` of them it breaks.
class ListStream : public zone::RecordStream {
  public:
    ListStream(zone::RecordList list, std::size_t good) : list_(std::move(list)), good_(good) {}

    Result<std::optional<dns::RecordView>> next() override {
        if (at_ == good_) {
            return fail(Errc::transfer_cut, "the connection ended");
        }
        if (at_ == list_.size()) {
            return std::optional<dns::RecordView>{};
        }
        return std::optional{list_[at_++]};
    }

  private:
    zone::RecordList list_;
    std::size_t good_;
    std::size_t at_ = 0;
};

zone::Commit from_stream(const StoreFixture& f, std::uint32_t serial, const Model& model,
                         std::size_t good = SIZE_MAX) {
    zone::Commit work = f.frame(zone_name());
    work.change =
        zone::ReplaceWith{soa(zone_name(), serial),
                          std::make_unique<ListStream>(records_of(zone_name(), model), good)};
    return work;
}

zone::Commit apply_work(const StoreFixture& f, std::uint32_t from, const Model& before,
                        const Model& after) {
    zone::Commit work = f.frame(zone_name());
    work.base = dns::Serial{from};
    work.change = zone::ApplyDiffs{{diff_of(zone_name(), from, before, from + 1, after)}};
    return work;
}

// While its gate is shut the writer waits for agreement to gate.test: what is submitted meanwhile
// is taken together.
struct GatedStore : StoreFixture {
    GatedStore() {
        close();
        options.agree = [this](std::span<Proposal> proposals) -> Result<void> {
            for (const Proposal& proposal : proposals) {
                if (proposal.zone == name("gate.test")) {
                    gate.get_future().wait();
                } else {
                    asked.push_back(proposal.version.serial().value());
                }
            }
            return {};
        };
        open();
    }
    ~GatedStore() { close(); }
    GatedStore(const GatedStore&) = delete;
    GatedStore& operator=(const GatedStore&) = delete;

    void shut() {
        zone::Commit work = frame(name("gate.test"));
        work.change = zone::ReplaceWith{soa(name("gate.test"), 1),
                                        stream_of(name("gate.test"), {}, options.directory)};
        work.shared = true;
        store->submit(std::move(work), [](const Result<zone::Committed>& done) { CHECK(done); });
    }

    std::promise<void> gate;
    std::vector<std::uint32_t> asked;
};

}  // namespace

TEST_CASE("content comes from any stream, and one that breaks changes nothing", "[store]") {
    StoreFixture f;
    const Model first = big_model(50);
    const Model second = big_model(60);
    REQUIRE(f.commit(from_stream(f, 1, first)));
    CHECK(f.read(zone_name()) == first);
    REQUIRE(f.commit(from_stream(f, 2, second)));
    CHECK(f.history(zone_name(), 1) == "1>2");
    const auto broken = f.commit(from_stream(f, 3, first, 20));
    REQUIRE_FALSE(broken);
    CHECK(broken.error().code() == Errc::transfer_cut);
    CHECK(f.serial(zone_name()) == 2U);
    CHECK(f.read(zone_name()) == second);
}

TEST_CASE("the loop is woken for each commit, and told how long it took", "[store]") {
    StoreFixture f;
    f.close();
    std::atomic<int> woken{0};
    int synced = 0;
    f.options.wake = [&woken] { ++woken; };
    f.options.on_synced = [&synced](Duration took) { synced += took > Duration::zero() ? 1 : 0; };
    f.open();
    REQUIRE(f.replace(zone_name(), 1, {{"www", "one"}}));
    CHECK(woken == 1);
    CHECK(synced == 1);
    REQUIRE_FALSE(f.apply(zone_name(), {diff_of(zone_name(), 5, {}, 6, {{"www", "two"}})}));
    CHECK(woken == 2);
    CHECK(synced == 1);  // nothing of it was
    REQUIRE(f.drop(zone_name()));
    CHECK(woken == 3);
    CHECK(synced == 1);
    f.close();
}

TEST_CASE("how full the store is, is told as it grows", "[store]") {
    StoreFixture f;
    CHECK_FALSE(f.store->is_broken());
    const auto before = f.store->used_bytes();
    REQUIRE(before);
    REQUIRE(f.replace(zone_name(), 1, big_model(5000)));
    const auto after = f.store->used_bytes();
    REQUIRE(after);
    CHECK(*after > *before + std::uint64_t{100'000});
    CHECK(f.store->stats().used_bytes == *after);
    REQUIRE(f.drop(zone_name()));
    CHECK(f.store->stats().free_bytes > 100'000);  // swept: pages within the file
}

TEST_CASE("the reader slot of a process that was killed is freed", "[store]") {
    StoreFixture f;
    REQUIRE(f.replace(zone_name(), 1, {}));
    CHECK(f.store->check_readers() == 0);
    const pid_t child = fork();
    if (child == 0) {
        MDB_env* env = nullptr;
        MDB_txn* txn = nullptr;
        const bool reads =
            mdb_env_create(&env) == 0 && mdb_env_set_maxreaders(env, kMaxReaders) == 0 &&
            mdb_env_open(env, f.options.directory.c_str(), MDB_RDONLY | MDB_NOTLS, 0600) == 0 &&
            mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn) == 0;
        _exit(reads ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
    CHECK(f.store->check_readers() == 1);
    CHECK(f.store->check_readers() == 0);
}

TEST_CASE("what could not be kept or does not fit is refused", "[store]") {
    StoreFixture f;
    const Model one{{"www", "one"}};
    SECTION("a remote with an endless name") {
        zone::Commit work = from_stream(f, 1, one);
        work.owe_notify = {"ns2", std::string(600, 'n')};
        const auto done = f.commit(std::move(work));
        REQUIRE_FALSE(done);
        CHECK(done.error().code() == Errc::limit);
        CHECK(f.store->owed_notifies().empty());
    }
    SECTION("a difference for a zone without a version") {
        const auto done = f.apply(zone_name(), {diff_of(zone_name(), 1, {}, 2, one)});
        REQUIRE_FALSE(done);
        CHECK(done.error().code() == Errc::transfer_diverged);
    }
    SECTION("content that is not what was judged") {
        zone::Commit work = from_stream(f, 1, one);
        work.expected = zone::Digest{};
        const auto done = f.commit(std::move(work));
        REQUIRE_FALSE(done);
        CHECK(done.error().code() == Errc::transfer_diverged);
    }
    SECTION("a zone that has timers alone cannot be read") {
        zone::Commit work = f.frame(zone_name());
        work.change = zone::TouchTimers{};
        work.timers = zone::ZoneTimers{.last_success = UnixTime{1}, .expires = UnixTime{2}};
        const auto done = f.commit(std::move(work));
        REQUIRE(done);
        const auto taken = f.store->snapshot(zone_name());
        REQUIRE_FALSE(taken);
        CHECK(taken.error().code() == Errc::not_found);
    }
    CHECK_FALSE(f.serial(zone_name()));
}

TEST_CASE("limits that are taken back are those of the store again", "[store]") {
    StoreFixture f;
    REQUIRE(f.replace(zone_name(), 1, big_model(20)));
    f.store->configure(zone_name(), {.max_versions = 1});
    for (std::uint32_t serial = 2; serial <= 4; ++serial) {
        REQUIRE(f.replace(zone_name(), serial, big_model(20 + serial)));
    }
    CHECK(f.history(zone_name(), 2) == "none");
    f.store->configure(zone_name(), f.options.journal);
    for (std::uint32_t serial = 5; serial <= 7; ++serial) {
        REQUIRE(f.replace(zone_name(), serial, big_model(20 + serial)));
    }
    CHECK(f.history(zone_name(), 3) == "3>4 4>5 5>6 6>7");
}

TEST_CASE("two shared versions of one zone are agreed to one after the other", "[store]") {
    GatedStore f;
    const Model one = big_model(20);
    const Model two = big_model(21);
    const Model three = big_model(22);
    REQUIRE(f.replace(zone_name(), 1, one));
    f.shut();
    std::size_t done = 0;
    const auto count = [&done](const Result<zone::Committed>& result) { done += result ? 1 : 0; };
    for (const bool first : {true, false}) {
        zone::Commit work = first ? apply_work(f, 1, one, two) : apply_work(f, 2, two, three);
        work.shared = true;
        f.store->submit(std::move(work), count);
    }
    f.gate.set_value();
    f.store->drain();
    CHECK(done == 2);
    CHECK(f.asked == std::vector<std::uint32_t>{2, 3});
    CHECK(f.history(zone_name(), 1) == "1>2 2>3");
}

TEST_CASE("what comes while a large version is written waits for it, answers included",
          "[store][large]") {
    GatedStore f;
    zone::Commit before = f.frame(zone_name());
    before.change =
        zone::ReplaceWith{soa(zone_name(), 1), stream_of(zone_name(), {}, f.options.directory)};
    before.owe_notify = {"ns2"};
    const auto owing = f.commit(std::move(before));
    REQUIRE(owing);
    const Model large = big_model(25'000, std::string(200, 'x'));
    Model changed = large;
    changed["name5"] = "changed";
    std::vector<std::string> order;
    const auto note = [&order](const char* what) {
        return [&order, what](const Result<zone::Committed>& result) {
            order.push_back(fmt::format("{}{}", what, result ? "" : " failed"));
        };
    };
    zone::Commit work = f.frame(zone_name());
    work.change =
        zone::ReplaceWith{soa(zone_name(), 2), stream_of(zone_name(), large, f.options.directory)};
    work.timers = zone::ZoneTimers{.last_success = UnixTime{7}, .expires = UnixTime{70}};
    f.shut();
    f.store->submit(std::move(work), note("large"));
    f.store->forget_owed(zone_name(), "ns2");
    f.store->submit(apply_work(f, 2, large, changed), note("difference"));
    f.store->drop(zone_name(), note("drop"));
    f.gate.set_value();
    f.store->drain();
    CHECK(order == std::vector<std::string>{"large", "difference", "drop"});
    CHECK(f.store->find(zone_name()) == nullptr);
    f.reopen();
    CHECK(f.store->owed_notifies().empty());
    CHECK(f.entries(Table::pages) == 0);  // gate.test has none
}

namespace {

// This process may grow by so much and no more, until the end.
class AddressSpace {
  public:
    explicit AddressSpace(std::uint64_t octets) {
        std::uint64_t pages = 0;
        std::ifstream{"/proc/self/statm"} >> pages;
        ::getrlimit(RLIMIT_AS, &before_);
        const auto used = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
        const rlimit limit{used + octets, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_AS, &limit) == 0);
    }
    ~AddressSpace() { ::setrlimit(RLIMIT_AS, &before_); }
    AddressSpace(const AddressSpace&) = delete;
    AddressSpace& operator=(const AddressSpace&) = delete;

  private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("a store takes the address space that there is", "[store]") {
    StoreFixture f;
    f.close();
    f.options.max_bytes = kDefaultMaxBytes;
    {
        const AddressSpace few{std::uint64_t{3} << 30};
        f.open();
        CHECK(f.store->stats().max_bytes == std::uint64_t{2} << 30);
        REQUIRE(f.replace(zone_name(), 1, big_model(100)));
        f.reopen();
        CHECK(f.serial(zone_name()) == 1);
        f.close();
    }
    {
        const AddressSpace none{kLeastMapBytes / 2};
        const Result<std::unique_ptr<Store>> opened = Store::open(f.options);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code() == Errc::limit);
    }
    f.open();
    CHECK(f.store->stats().max_bytes == kDefaultMaxBytes);
    CHECK(f.serial(zone_name()) == 1);
}

TEST_CASE("a large difference is applied by two threads as by one", "[store]") {
    StoreFixture f;
    Model before = big_model(6000, "first");
    REQUIRE(f.replace(zone_name(), 1, before));
    std::vector<zone::Diff> diffs;
    std::vector<Model> versions{before};
    for (std::uint32_t serial = 1; serial < 4; ++serial) {
        Model after = versions.back();
        std::size_t n = 0;
        for (auto entry = after.begin(); entry != after.end(); ++n) {
            if (n % 5 == serial) {
                entry = after.erase(entry);
            } else {
                entry->second = n % 2 == 0 ? entry->second : fmt::format("of {}", serial + 1);
                ++entry;
            }
        }
        diffs.push_back(diff_of(zone_name(), serial, versions.back(), serial + 1, after));
        versions.push_back(std::move(after));
    }
    std::shared_ptr<const zone::Snapshot> old = f.snapshot(zone_name());
    // The first goes in two; those behind it, in the same commit, find pages that were changed.
    const Result<zone::Committed> done = f.apply(zone_name(), std::move(diffs));
    REQUIRE(done);
    CHECK(f.read(zone_name()) == versions.back());
    CHECK(StoreFixture::read(*old) == versions.front());
    old.reset();
    f.reopen();
    CHECK(f.serial(zone_name()) == 4);
    CHECK(f.read(zone_name()) == versions.back());
}

}  // namespace twinzone::store::test
