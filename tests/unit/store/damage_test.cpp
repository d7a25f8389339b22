// What a store does with files that are not what it wrote, and with a store that is not its own.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "common/base/random.h"
#include "common/store/batch.h"
#include "common/store/file_check.h"
#include "common/store/keys.h"
#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

std::string file_of(const StoreFixture& f) {
    return fmt::format("{}/data.mdb", f.options.directory);
}

void overwrite(const std::string& path, std::uint64_t at, const std::string& octets) {
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>(at));
    file.write(octets.data(), static_cast<std::streamsize>(octets.size()));
    REQUIRE(file.good());
}

std::string read_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

// Of LMDB 0.9: behind the page's header, magic, version, address, size, two tables, last page.
constexpr std::size_t kMetaCommitOffset = 16 + 4 + 4 + 8 + 8 + 2 * 48 + 8;

// TWINZONE_SEED, for trying more than the run of every day does.
std::uint64_t seed() {
    const char* text = std::getenv("TWINZONE_SEED");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 11;
}

// Flips one bit of the only place where `octets` stand in the store's file.
void damage(const StoreFixture& f, std::string_view octets, std::size_t offset) {
    const std::string content = read_file(file_of(f));
    std::size_t count = 0;
    for (std::size_t at = content.find(octets); at != std::string::npos;
         at = content.find(octets, at + 1)) {
        const char flipped = static_cast<char>(content[at + offset] ^ 1);
        overwrite(file_of(f), at + offset, std::string(1, flipped));
        ++count;
    }
    REQUIRE(count > 0);
}

}  // namespace

TEST_CASE("a file that is no store is set aside and a fresh one begins", "[store][damage]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    REQUIRE(f.replace(zone, 1, big_model(5000)));
    f.close();
    const std::string kind =
        GENERATE(as<std::string>{}, "garbage", "garbage behind", "cut", "cut to a page", "tiny");
    DYNAMIC_SECTION(kind) {
        if (kind == "garbage") {
            overwrite(file_of(f), 0, std::string(100'000, 'g'));
        } else if (kind == "garbage behind") {
            overwrite(file_of(f), 8192, std::string(200'000, 'g'));
        } else {
            const auto size = std::filesystem::file_size(file_of(f));
            std::filesystem::resize_file(file_of(f), kind == "cut"    ? size / 2
                                                     : kind == "tiny" ? 100
                                                                      : 4096);
        }
        f.open();
        CHECK_FALSE(f.store->opening().set_aside.empty());
        CHECK_FALSE(f.store->opening().set_aside_why.empty());
        CHECK(std::filesystem::exists(f.store->opening().set_aside));
        CHECK(f.store->opening().fresh);
        CHECK(f.store->find(zone) == nullptr);
        REQUIRE(f.replace(zone, 1, {{"www", "again"}}));
        f.reopen();
        CHECK(f.store->opening().set_aside.empty());
        CHECK(f.read(zone) == Model{{"www", "again"}});
    }
}

// Zones of all kinds: with history, with pages within leaves and beside them, some dropped.
std::string write_varied_store(StoreFixture& f) {
    for (int i = 0; i < 50; ++i) {
        REQUIRE(f.replace(name(fmt::format("zone{}.test", i)), 1, {{"www", "one"}}));
    }
    REQUIRE(f.replace(name("big.test"), 1, big_model(3000)));
    REQUIRE(f.replace(name("big.test"), 2, big_model(2990)));
    REQUIRE(f.drop(name("zone7.test")));
    f.close();
    return read_file(file_of(f));
}

// Half of the octets in LMDB's meta pages, half anywhere.
void write_flipped(const StoreFixture& f, std::string content, Random& random, int flips) {
    for (int i = 0; i < flips; ++i) {
        const std::uint64_t at = random.below(i % 2 == 0 ? 8192 : content.size());
        content[at] = static_cast<char>(content[at] ^ (1 << random.below(8)));
    }
    std::ofstream{file_of(f), std::ios::binary | std::ios::trunc} << content;
}

TEST_CASE("no flipped bits keep the store from opening", "[store][damage][R54]") {
    StoreFixture f;
    const std::string good = write_varied_store(f);
    Random random{seed()};
    for (int round = 0; round < 50; ++round) {
        INFO("round " << round);
        write_flipped(f, good, random, 20);
        f.open();
        f.close();
    }
}

TEST_CASE("a file that was cut at any page opens, and takes whole content again",
          "[store][damage][R54]") {
    StoreFixture f;
    const std::string good = write_varied_store(f);
    for (std::size_t size = 0; size < good.size(); size += 4096) {
        INFO("cut to " << size);
        std::ofstream{file_of(f), std::ios::binary | std::ios::trunc} << good.substr(0, size);
        f.open();
        // Behind the last page that is used there may be free ones: they are no loss.
        if (size > 0 && f.store->opening().set_aside.empty()) {
            CHECK((f.read(name("big.test")) == big_model(2990)));
            CHECK((f.read(name("zone9.test")) == Model{{"www", "one"}}));
            REQUIRE(f.drop(name("zone1.test")));
        }
        REQUIRE(f.replace(name("zone1.test"), 5, {{"www", "again"}}));
        CHECK(f.read(name("zone1.test")) == Model{{"www", "again"}});
        f.close();
        for (const auto& entry : std::filesystem::directory_iterator{f.options.directory}) {
            if (entry.path().string().find("damaged") != std::string::npos) {
                std::filesystem::remove(entry.path());
            }
        }
    }
}

TEST_CASE("without its newest meta page the store is one commit behind, and whole",
          "[store][damage]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    REQUIRE(f.replace(zone, 1, big_model(500)));
    REQUIRE(f.replace(zone, 2, big_model(500, "two")));
    f.close();
    const std::string good = read_file(file_of(f));
    // The number of its transaction is the last of a meta page's fields.
    std::array<std::uint64_t, 2> commits{};
    for (std::size_t page : {0U, 1U}) {
        std::memcpy(&commits.at(page), good.data() + page * 4096 + kMetaCommitOffset, 8);
    }
    const std::size_t newest = commits[0] > commits[1] ? 0 : 1;
    overwrite(file_of(f), newest * 4096,
              good.substr((1 - newest) * 4096 + 0, 4096).replace(0, 8, good, newest * 4096, 8));
    f.open();
    CHECK(f.store->opening().set_aside.empty());
    CHECK(f.serial(zone) == 1U);
    CHECK((f.read(zone) == big_model(500)));
    REQUIRE(f.replace(zone, 2, big_model(500, "two")));
    f.reopen();
    CHECK((f.read(zone) == big_model(500, "two")));
}

TEST_CASE("a file that passes the whole check can be used throughout", "[store][damage]") {
    StoreFixture f;
    const std::string good = write_varied_store(f);
    Random random{seed()};
    int passed = 0;
    for (int round = 0; round < 200; ++round) {
        INFO("round " << round);
        write_flipped(f, good, random, 1 + static_cast<int>(random.below(3)));
        if (!check_file(file_of(f), CheckDepth::whole)) {
            continue;
        }
        ++passed;
        f.open();
        for (const char* each : {"zone1.test", "zone9.test", "big.test"}) {
            const auto held = f.store->snapshot(name(each));
            if (!held) {
                continue;  // its record is damaged
            }
            const auto pages = (*held)->pages();
            Result<std::optional<ByteView>> page = pages->next();
            while (page && *page) {
                page = pages->next();
            }
            (void)(*held)->history(dns::Serial{1});
            (void)f.replace(name(each), 7, {{"www", "new"}});
        }
        (void)f.drop(name("zone3.test"));
        f.close();
    }
    CHECK(passed > 20);
}

TEST_CASE("after two ends without closing the whole file is looked at", "[store][damage]") {
    StoreFixture f;
    const Model model = big_model(3000, std::string(180, 'w'));
    REQUIRE(f.replace(name("example.test"), 1, model));
    f.close();
    // A page of content that open() has no need to read: the first of an overflow run.
    const std::string content = read_file(file_of(f));
    const std::size_t page = content.find(std::string(180, 'w')) / 4096 * 4096;
    overwrite(file_of(f), page, "not its number");
    for (const int ends : {0, 1, 2}) {
        std::ofstream{f.options.directory + "/twinzone.lock", std::ios::trunc}
            << "program x\npid 1\nboot y\nunclean-ends " << ends << "\n";
        f.open();
        CHECK(f.store->opening().set_aside.empty() == (ends < 2));
        f.close();
    }
}

TEST_CASE("a damaged zone record hurts that zone only", "[store][damage][R59]") {
    StoreFixture f;
    REQUIRE(f.replace(name("good.test"), 1, {{"www", "one"}}));
    REQUIRE(f.replace(name("bad.test"), 1, {{"www", "one"}}));
    f.close();
    damage(f, std::string_view{"\3bad\4test\0\3ns1", 14}, 12);  // owner and MNAME of its SOA
    f.open();
    REQUIRE(f.store->opening().set_aside.empty());
    REQUIRE(f.store->opening().damaged_zones.size() == 1);
    CHECK(f.store->opening().damaged_zones[0] == name("bad.test"));
    CHECK(f.store->find(name("bad.test")) == nullptr);
    CHECK(f.read(name("good.test")) == Model{{"www", "one"}});
    f.store->drain();
    CHECK(f.entries(Table::pages) == 1);  // what it had was swept
    REQUIRE(f.replace(name("bad.test"), 1, {{"www", "again"}}));
    CHECK(f.read(name("bad.test")) == Model{{"www", "again"}});
}

TEST_CASE("a damaged page is met, told, and healed by whole content", "[store][damage][R54]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    Model model{{"www", "a text to be found"}};
    REQUIRE(f.replace(zone, 1, model));
    REQUIRE(f.replace(name("other.test"), 1, {{"www", "one"}}));
    f.close();
    damage(f, "a text to be found", 3);
    f.open();
    CHECK(f.store->opening().damaged_zones.empty());
    const auto page = f.snapshot(zone)->pages()->next();
    REQUIRE_FALSE(page);
    CHECK(page.error().code() == Errc::store_corrupt);
    const auto applied = f.apply(zone, {diff_of(zone, 1, model, 2, {{"www", "a text to be put"}})});
    REQUIRE_FALSE(applied);
    CHECK(applied.error().code() == Errc::store_corrupt);
    CHECK(f.read(name("other.test")) == Model{{"www", "one"}});
    REQUIRE(f.replace(zone, 2, model));
    CHECK(f.read(zone) == model);
    CHECK(f.history(zone, 1) == "none");
}

TEST_CASE("a damaged step ends history there", "[store][damage][R54]") {
    StoreFixture f;
    const dns::Name zone = name("example.test");
    for (std::uint32_t serial = 1; serial < 6; ++serial) {
        zone::Commit work = f.frame(zone);
        work.source = fmt::format("source of serial {}", serial);
        work.change = zone::ReplaceWith{
            soa(zone, serial),
            stream_of(zone, {{"www", std::to_string(serial)}}, f.options.directory)};
        const auto committed = f.commit(std::move(work));
        REQUIRE(committed);
    }
    f.close();
    damage(f, "source of serial 3", 2);
    f.open();
    CHECK(f.history(zone, 1) == "none");
    CHECK(f.history(zone, 2) == "none");
    CHECK(f.history(zone, 3) == "3>4 4>5");
    f.store->configure(zone, {.max_versions = 2});
    REQUIRE(f.replace(zone, 6, {{"www", "6"}}));
    CHECK(f.read(zone) == Model{{"www", "6"}});
}

TEST_CASE("a store of a newer format is left alone", "[store][damage]") {
    StoreFixture f;
    f.close();
    {
        const auto lock = LockFile::acquire(f.options.directory, "test");
        const auto env = Environment::open({f.options.directory, f.options.max_bytes, *lock});
        REQUIRE(env);
        Result<WriteTransaction> txn = WriteTransaction::begin(*env);
        REQUIRE(txn);
        Bytes body;
        ByteWriter writer{body};
        writer.u32(kFormat + 1);
        writer.u64(0);
        writer.u64(0);
        REQUIRE(put_with_sum(*txn, Table::meta, store_key(), body));
        REQUIRE(txn->commit());
    }
    const std::string before = read_file(file_of(f));
    const auto opened = Store::open(f.options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == Errc::store_format);
    CHECK(read_file(file_of(f)) == before);
}

TEST_CASE("a store held by another process says by whom", "[store][lock][R55]") {
    StoreFixture f;
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
        // The lock is of the open file, which the child shares until it closes its own: what it
        // opens anew must still be refused.
        const auto opened = Store::open(f.options);
        const std::string_view text = opened ? "opened" : opened.error().detail().c_str();
        const bool locked = !opened && opened.error().code() == Errc::store_locked;
        _exit(locked && write(ends[1], text.data(), text.size()) > 0 ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    std::string text(300, '\0');
    const ssize_t count = read(ends[0], text.data(), text.size());
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    close(ends[0]);
    close(ends[1]);
    CHECK_THAT(text, Catch::Contains("twinzone-test"));
    CHECK_THAT(text, Catch::Contains(std::to_string(getpid())));
}

TEST_CASE("a store is opened once in a process", "[store][lock][R55]") {
    StoreFixture f;
    const auto again = Store::open(f.options);
    REQUIRE_FALSE(again);
    CHECK(again.error().code() == Errc::store_locked);
}

TEST_CASE("a directory that cannot be made is an error in words", "[store]") {
    StoreOptions options;
    options.directory = "/proc/nowhere/store";
    const auto opened = Store::open(options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == Errc::file_unreadable);
    CHECK_THAT(opened.error().detail(), Catch::Contains("/proc/nowhere"));
}

}  // namespace twinzone::store::test
