// The tables and their functions, against a real PostgreSQL.

#include "common/shared/history.h"

#include "common/shared/schema.h"
#include "tests/support/catch.h"
#include "tests/support/records.h"
#include "tests/unit/shared/postgresql.h"

namespace twinzone::shared {

namespace {

using test::LinkedHistory;

const dns::Name kZone = test::apex();

zone::Version version(std::uint32_t serial) {
    zone::Version made;
    made.soa = test::soa_record(serial);
    made.digest = zone::Digest{serial, 1};
    return made;
}

// One primary of several.
class Writer {
  public:
    Writer(LinkedHistory& history, std::string name)
        : history_(history), holder_{.name = std::move(name), .token = 0} {}

    bool take_lease(Duration length = seconds{60}) {
        const Result<Rows> rows = history_.ask(hold_lease(holder_, length));
        REQUIRE(rows);
        const Result<LeaseRow> row = read_lease(*rows);
        REQUIRE(row);
        if (row->answer.is_ours) {
            holder_.token = row->answer.token;
        }
        return row->answer.is_ours;
    }

    // From one serial to the next; whole where there is none before.
    Result<Rows> append(std::optional<std::uint32_t> from, std::uint32_t to) {
        const std::vector<Bytes> pages = {{1, 2, 3}, {static_cast<std::uint8_t>(to)}};
        const Result<Rows> staged = history_.ask_bulk(stage(std::nullopt, 0, pages));
        REQUIRE(staged);
        Entry entry;
        entry.zone = kZone;
        if (from) {
            entry.from = mark_of(version(*from));
        }
        entry.to = version(to);
        entry.is_whole = !from;
        entry.run = {.blob = *read_number(*staged), .first = 0, .pages = 2};
        entry.bytes = 4;
        entry.source = "a \"file\" of 'ours' \\ \xff";
        return history_.ask(shared::append(holder_, entry.run.blob, {&entry, 1}));
    }

    [[nodiscard]] const Holder& holder() const noexcept { return holder_; }

  private:
    LinkedHistory& history_;
    Holder holder_;
};

Position position_of(LinkedHistory& history, std::optional<std::uint32_t> serial) {
    const auto ours = serial ? std::optional{mark_of(version(*serial))} : std::nullopt;
    const Result<Rows> rows = history.ask_bulk(ask_position(kZone, ours));
    REQUIRE(rows);
    const Result<Position> position = read_position(*rows);
    REQUIRE(position);
    return *position;
}

bool is_without_postgresql() {
    if (test::postgresql().empty()) {
        WARN("not tested: no PostgreSQL here");
        return true;
    }
    return false;
}

}  // namespace

TEST_CASE("one writer has the lease until it ends by PostgreSQL's clock", "[shared]") {
    if (is_without_postgresql()) {
        return;
    }
    LinkedHistory history;
    Writer a{history, "a"};
    Writer b{history, "b"};
    CHECK(a.take_lease());
    CHECK(a.holder().token == 1);
    CHECK_FALSE(b.take_lease());
    CHECK(a.take_lease());
    CHECK(a.holder().token == 1);
    history.sql("UPDATE twinzone.lease SET expires = clock_timestamp()");
    CHECK(b.take_lease());
    CHECK(b.holder().token == 2);
    CHECK_FALSE(a.take_lease());
}

TEST_CASE("a lease that is given back is free at once, and all are told", "[shared]") {
    if (is_without_postgresql()) {
        return;
    }
    LinkedHistory history;
    Writer a{history, "a"};
    Writer b{history, "b"};
    REQUIRE(a.take_lease());
    REQUIRE(history.ask(release_lease(a.holder())));
    history.sql("SELECT 1");
    CHECK(history.hints() >= 1);
    CHECK(b.take_lease());
}

TEST_CASE("who lost the lease appends nothing", "[shared]") {
    if (is_without_postgresql()) {
        return;
    }
    LinkedHistory history;
    Writer a{history, "a"};
    Writer b{history, "b"};
    REQUIRE(a.take_lease());
    REQUIRE(a.append(std::nullopt, 1));
    SECTION("to another") {
        history.sql("UPDATE twinzone.lease SET expires = clock_timestamp()");
        REQUIRE(b.take_lease());
    }
    SECTION("to the clock, with nobody in its place") {
        history.sql("UPDATE twinzone.lease SET expires = clock_timestamp()");
    }
    CHECK_FALSE(a.append(1, 2));
    CHECK(history.state() == kNotTheLeader);
    CHECK(history.sql("SELECT count(*) FROM twinzone.version").front().front() == "1");
}

TEST_CASE("a version begins at what the zone has, or it is refused", "[shared]") {
    if (is_without_postgresql()) {
        return;
    }
    LinkedHistory history;
    Writer a{history, "a"};
    REQUIRE(a.take_lease());
    CHECK_FALSE(a.append(1, 2));  // no history yet
    CHECK(history.state() == kOtherHistory);
    REQUIRE(a.append(std::nullopt, 1));
    REQUIRE(a.append(1, 2));
    CHECK_FALSE(a.append(1, 3));  // a fork
    CHECK(history.state() == kOtherHistory);
    CHECK_FALSE(a.append(std::nullopt, 9));
    CHECK(history.state() == kOtherHistory);
    REQUIRE(a.append(2, 3));
    const Rows rows = history.sql(
        "SELECT sequence, number, to_serial FROM twinzone.version "
        "ORDER BY sequence");
    CHECK(rows == Rows{{"1", "1", "1"}, {"2", "2", "2"}, {"3", "3", "3"}});
}

TEST_CASE("a position is found by serial and digest, with what follows", "[shared]") {
    if (is_without_postgresql()) {
        return;
    }
    LinkedHistory history;
    CHECK_FALSE(position_of(history, 1).zone_is_known);
    Writer a{history, "a"};
    REQUIRE(a.take_lease());
    REQUIRE(a.append(std::nullopt, 1));
    for (std::uint32_t serial = 1; serial < 100; ++serial) {
        REQUIRE(a.append(serial, serial + 1));
    }
    CHECK(position_of(history, 100).version_is_known);
    CHECK(position_of(history, 100).steps.empty());
    CHECK_FALSE(position_of(history, std::nullopt).version_is_known);
    CHECK_FALSE(position_of(history, 200).version_is_known);
    const Position behind = position_of(history, 1);
    CHECK(behind.version_is_known);
    REQUIRE(behind.steps.size() == static_cast<std::size_t>(kMaxSteps));
    CHECK(behind.steps.front().number == 2);
    CHECK(behind.steps.front().to == mark_of(version(2)));
    CHECK(behind.steps.front().source == "a \"file\" of 'ours' \\ ?");
    const Result<Rows> rows = history.ask_bulk(ask_step_pages(kZone, 2, 3));
    REQUIRE(rows);
    CHECK(read_pages(*rows) == std::vector<Bytes>{{1, 2, 3}, {2}, {1, 2, 3}, {3}});
    const Result<Rows> heads = history.ask_bulk(ask_heads(0));
    REQUIRE(heads);
    const Result<std::vector<Head>> read = read_heads(*heads);
    REQUIRE(read);
    REQUIRE(read->size() == 1);
    CHECK(read->front().sequence == 100);
    CHECK(read->front().mark == mark_of(version(100)));
}

TEST_CASE("what is kept by versions goes behind a newer snapshot alone", "[shared]") {
    if (is_without_postgresql()) {
        return;
    }
    LinkedHistory history;
    Writer a{history, "a"};
    REQUIRE(a.take_lease());
    REQUIRE(a.append(std::nullopt, 1));
    for (std::uint32_t serial = 1; serial < 20; ++serial) {
        REQUIRE(a.append(serial, serial + 1));
    }
    const Retention few{.max_versions = 4};
    REQUIRE(history.ask(prune(a.holder(), few)));
    CHECK(position_of(history, 1).version_is_known);  // the snapshot is there still
    const Result<Rows> wanted = history.ask(ask_wanted_snapshots(few));
    REQUIRE(wanted);
    CHECK(*read_names(*wanted) == std::vector<dns::Name>{kZone});
    const Result<Rows> staged =
        history.ask_bulk(stage(std::nullopt, 0, std::vector<Bytes>{{7}, {8}}));
    REQUIRE(staged);
    Entry entry;
    entry.zone = kZone;
    entry.to = version(20);
    entry.run = {.blob = *read_number(*staged), .first = 0, .pages = 2};
    REQUIRE(history.ask(put_snapshot(a.holder(), entry)));
    REQUIRE(history.ask(prune(a.holder(), few)));
    CHECK(history.sql("SELECT min(number), count(*) FROM twinzone.version") == Rows{{"17", "4"}});
    CHECK_FALSE(position_of(history, 2).version_is_known);
    CHECK(position_of(history, 16).steps.size() == 4);
    CHECK(position_of(history, 20).version_is_known);
    const Result<Rows> rows = history.ask(ask_snapshot(kZone));
    REQUIRE(rows);
    const Result<std::optional<SnapshotPlace>> place = read_snapshot(*rows);
    REQUIRE(place);
    REQUIRE(*place);
    CHECK((*place)->mark == mark_of(version(20)));
    CHECK((*place)->soa.rdata() == version(20).soa.rdata());
    const Result<Rows> pages = history.ask_bulk(ask_pages((*place)->run, kMaxPages));
    REQUIRE(pages);
    CHECK(read_pages(*pages) == std::vector<Bytes>{{7}, {8}});
}

TEST_CASE("old versions go by octets and by age", "[shared]") {
    if (is_without_postgresql()) {
        return;
    }
    LinkedHistory history;
    Writer a{history, "a"};
    REQUIRE(a.take_lease());
    REQUIRE(a.append(std::nullopt, 1));
    for (std::uint32_t serial = 1; serial < 10; ++serial) {
        REQUIRE(a.append(serial, serial + 1));
    }
    history.sql("UPDATE twinzone.snapshot SET number = 10");
    SECTION("octets") {
        REQUIRE(history.ask(prune(a.holder(), {.max_bytes = 12})));
        CHECK(history.sql("SELECT count(*) FROM twinzone.version") == Rows{{"3"}});
    }
    SECTION("age") {
        history.sql(
            "UPDATE twinzone.version SET committed = committed - interval '2 d' "
            "WHERE number <= 4");
        REQUIRE(history.ask(prune(a.holder(), {.max_age = hours{24}})));
        CHECK(history.sql("SELECT count(*) FROM twinzone.version") == Rows{{"6"}});
    }
    SECTION("runs of pages that nothing names, once they are old") {
        history.sql("UPDATE twinzone.blob SET staged = staged - interval '2 h'");
        REQUIRE(history.ask(prune(a.holder(), {.max_versions = 1})));
        CHECK(history.sql("SELECT count(*), (SELECT count(*) FROM twinzone.page) "
                          "FROM twinzone.blob") == Rows{{"2", "4"}});
    }
}

TEST_CASE("a SOA comes back as it went", "[shared]") {
    const std::optional<dns::SoaRecord> back = soa_from_text(soa_text(test::soa_record(7)));
    REQUIRE(back);
    CHECK(back->rdata() == test::soa_record(7).rdata());
    CHECK(back->ttl == test::soa_record(7).ttl);
    CHECK_FALSE(soa_from_text("00zz"));
    CHECK_FALSE(soa_from_text(""));
}

}  // namespace twinzone::shared
