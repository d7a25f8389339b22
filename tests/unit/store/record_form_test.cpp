// Values of the store's tables as octets: what is not one of ours is not taken for one.
#include <string>

#include "common/store/batch.h"
#include "common/store/hold_record.h"
#include "common/store/keys.h"
#include "common/store/zone_record.h"
#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

zone::Version version() {
    zone::Version version;
    version.soa = soa(name("example.test"), 7);
    version.records = 5;
    version.wire_bytes = 300;
    return version;
}

Bytes zone_octets() {
    ZoneRecord record;
    record.content = 3;
    record.journal = 4;
    record.first_step = 10;
    record.next_step = 12;
    record.timers = {.last_success = UnixTime{1}, .expires = UnixTime{2}, .promoted = UnixTime{3}};
    record.source = "192.0.2.1";
    record.version = version();
    return encode(record);
}

Bytes hold_octets() {
    HoldRecord record;
    record.hold.held = zone::HeldVersion{.version = version(),
                                         .base = dns::Serial{6},
                                         .reason = zone::HoldReason::deletions,
                                         .lost = 1,
                                         .removed = 2,
                                         .added = 3,
                                         .since = UnixTime{4},
                                         .source = "192.0.2.1"};
    record.hold.rejected = zone::RejectedVersion{version(), UnixTime{5}};
    record.hold.frozen_since = UnixTime{6};
    record.content = {.item = {SweepItem::Kind::journal, 9}, .steps = 2, .base = {}};
    return encode(record);
}

Bytes with(Bytes octets, std::size_t at, std::uint8_t value) {
    octets.at(at) = value;
    return octets;
}

}  // namespace

TEST_CASE("a zone's record that was cut or grew is none", "[store][form]") {
    const Bytes good = zone_octets();
    REQUIRE(decode_zone_record(good));
    CHECK(decode_zone_record(good)->timers.promoted == UnixTime{3});
    for (std::size_t size = 0; size < good.size(); ++size) {
        INFO(size);
        CHECK_FALSE(decode_zone_record(ByteView{good}.first(size)));
    }
    Bytes longer = good;
    longer.push_back(0);
    CHECK_FALSE(decode_zone_record(longer));
}

TEST_CASE("a zone's record of another version, with unknown flags or steps that run back is none",
          "[store][form]") {
    const Bytes good = zone_octets();
    CHECK_FALSE(decode_zone_record(with(good, 0, 2)));
    CHECK_FALSE(decode_zone_record(with(good, 1, 0xff)));
    CHECK_FALSE(decode_zone_record(with(good, 10, 0xff)));  // its first step, behind the next
}

TEST_CASE("a hold record that was cut or grew is none", "[store][form]") {
    const Bytes good = hold_octets();
    const auto read = decode_hold_record(good);
    REQUIRE(read);
    CHECK(read->hold.held->lost == 1);
    CHECK(read->hold.rejected->when == UnixTime{5});
    CHECK(read->hold.frozen_since == UnixTime{6});
    CHECK(read->content.steps == 2);
    for (std::size_t size = 0; size < good.size(); ++size) {
        INFO(size);
        CHECK_FALSE(decode_hold_record(ByteView{good}.first(size)));
    }
    Bytes longer = good;
    longer.push_back(0);
    CHECK_FALSE(decode_hold_record(longer));
}

TEST_CASE("a hold record of another version, form or with unknown flags is none", "[store][form]") {
    const Bytes good = hold_octets();
    CHECK_FALSE(decode_hold_record(with(good, 0, 2)));
    CHECK_FALSE(decode_hold_record(with(good, 1, 0xff)));
    CHECK_FALSE(decode_hold_record(with(good, 2, 2)));
}

TEST_CASE("a value is good under its own key alone", "[store][form]") {
    StoreFixture f;
    f.close();
    const auto lock = LockFile::acquire(f.options.directory, "test");
    REQUIRE(lock);
    const auto env = Environment::open({f.options.directory, f.options.max_bytes, *lock});
    REQUIRE(env);
    Result<WriteTransaction> txn = WriteTransaction::begin(*env);
    REQUIRE(txn);
    const Bytes key{1, 2, 3};
    const Bytes body{4, 5, 6, 7};
    REQUIRE(put_with_sum(*txn, Table::pages, key, body));
    const auto value = txn->get(Table::pages, key);
    REQUIRE(value);
    const Bytes octets{(*value)->begin(), (*value)->end()};
    const auto same = without_sum(key, octets);
    REQUIRE(same);
    CHECK(Bytes{same->begin(), same->end()} == body);
    CHECK_FALSE(without_sum(Bytes{1, 2, 4}, octets));
    for (std::size_t size = 0; size < octets.size(); ++size) {
        CHECK_FALSE(without_sum(key, ByteView{octets}.first(size)));
    }
}

TEST_CASE("a key that names nothing to sweep is none", "[store][form]") {
    const Bytes good = sweep_key({SweepItem::Kind::journal, 300});
    REQUIRE(sweep_item(good));
    CHECK(*sweep_item(good) == SweepItem{SweepItem::Kind::journal, 300});
    CHECK_FALSE(sweep_item(ByteView{good}.first(good.size() - 1)));
    CHECK_FALSE(sweep_item(with(good, good.size() - 5, 2)));
    CHECK_FALSE(sweep_item(store_key()));
}

TEST_CASE("the store's own record tells a newer format and damage apart", "[store][form]") {
    StoreFixture f;
    f.close();
    const auto lock = LockFile::acquire(f.options.directory, "test");
    REQUIRE(lock);
    const auto env = Environment::open({f.options.directory, f.options.max_bytes, *lock});
    REQUIRE(env);
    const auto read = [&](const Bytes& body) {
        Result<WriteTransaction> txn = WriteTransaction::begin(*env);
        REQUIRE(txn);
        REQUIRE(put_with_sum(*txn, Table::meta, store_key(), body));
        const auto record = read_store_record(*txn);
        REQUIRE_FALSE(record);
        return record.error().code();
    };
    CHECK(read({0, 0, 0, 2, 0, 0, 0, 1}) == Errc::store_format);
    CHECK(read({0, 0, 0, 0, 0, 0, 0, 1}) == Errc::store_corrupt);
    CHECK(read({0, 0, 0, 1, 0, 0}) == Errc::store_corrupt);
    CHECK(read({0, 0, 0, 1, 0, 0, 0, 1, 0}) == Errc::store_corrupt);
}

TEST_CASE("a store that has given all its numbers says so, and serves what it has",
          "[store][form]") {
    StoreFixture f;
    REQUIRE(f.replace(name("old.test"), 1, {{"www", "one"}}));
    f.close();
    {
        const auto lock = LockFile::acquire(f.options.directory, "test");
        REQUIRE(lock);
        const auto env = Environment::open({f.options.directory, f.options.max_bytes, *lock});
        REQUIRE(env);
        Result<WriteTransaction> txn = WriteTransaction::begin(*env);
        REQUIRE(txn);
        REQUIRE(write_store_record(*txn, {.format = kFormat, .next_id = 0xffffffff}));
        REQUIRE(txn->commit());
    }
    f.open();
    const auto done = f.replace(name("new.test"), 1, {{"www", "one"}});
    REQUIRE_FALSE(done);
    CHECK(done.error().code() == Errc::limit);
    CHECK_THAT(done.error().detail(), Catch::Contains("fresh"));
    CHECK(f.read(name("old.test")) == Model{{"www", "one"}});
    REQUIRE(f.drop(name("old.test")));
}

}  // namespace twinzone::store::test
