// Versions that take the apex's NS records away, and what is left of a hold in odd moments.
#include <fmt/format.h>

#include "common/store/batch.h"
#include "tests/support/catch.h"
#include "tests/unit/store/store_fixture.h"

namespace twinzone::store::test {

namespace {

constexpr zone::GuardLimits kHalf{.max_delete_percent = 50, .min_records = 10};

const dns::Name& zone_name() {
    static const dns::Name name = test::name("example.test");
    return name;
}

dns::Record ns(std::string_view server) {
    dns::Record record;
    record.owner = zone_name();
    record.type = dns::RrType::ns;
    record.ttl = dns::Ttl{300};
    const dns::Name target = name(server);
    const ByteView wire = target.view().wire();
    record.rdata.assign(wire.begin(), wire.end());
    return record;
}

zone::RecordList list_of(const std::vector<dns::Record>& records) {
    zone::RecordList list;
    for (const dns::Record& record : records) {
        list.append(record.view());
    }
    list.sort_unique();
    return list;
}

zone::Diff step(std::uint32_t from, const std::vector<dns::Record>& removed,
                const std::vector<dns::Record>& added) {
    return {soa(zone_name(), from), soa(zone_name(), from + 1), list_of(removed), list_of(added)};
}

Result<zone::Committed> change(StoreFixture& f, decltype(zone::Commit::change) wanted) {
    zone::Commit work = f.frame(zone_name());
    work.change = std::move(wanted);
    work.guard = kHalf;
    return f.commit(std::move(work));
}

Result<zone::Committed> apply(StoreFixture& f, std::vector<zone::Diff> diffs) {
    return change(f, zone::ApplyDiffs{std::move(diffs)});
}

// Twenty names and the apex's two NS records, at serial 2.
void fill(StoreFixture& f) {
    REQUIRE(f.replace(zone_name(), 1, big_model(20)));
    REQUIRE(f.apply(zone_name(), {step(1, {}, {ns("ns1.test"), ns("ns2.test")})}));
}

Result<zone::Committed> hold_few(StoreFixture& f, std::uint32_t serial) {
    return change(f, zone::ReplaceWith{soa(zone_name(), serial),
                                       stream_of(zone_name(), big_model(3), f.options.directory)});
}

}  // namespace

TEST_CASE("a difference that takes the last NS record of the apex is held", "[store][guard]") {
    StoreFixture f;
    fill(f);
    SECTION("both at once") {
        const auto done = apply(f, {step(2, {ns("ns1.test"), ns("ns2.test")}, {})});
        REQUIRE(done);
        REQUIRE(done->held);
        CHECK(done->held->reason == zone::HoldReason::apex_ns);
        CHECK(f.serial(zone_name()) == 2U);
    }
    SECTION("one after the other") {
        const auto done = apply(f, {step(2, {ns("ns1.test")}, {}), step(3, {ns("ns2.test")}, {})});
        REQUIRE(done);
        REQUIRE(done->held);
        CHECK(done->held->reason == zone::HoldReason::apex_ns);
        CHECK(f.serial(zone_name()) == 2U);
    }
    SECTION("the zone has nothing else") {
        StoreFixture bare;
        REQUIRE(bare.replace(zone_name(), 1, {}));
        REQUIRE(bare.apply(zone_name(), {step(1, {}, {ns("ns1.test")})}));
        const auto done = apply(bare, {step(2, {ns("ns1.test")}, {})});
        REQUIRE(done);
        REQUIRE(done->held);
        CHECK(done->held->reason == zone::HoldReason::apex_ns);
    }
}

TEST_CASE("a difference that leaves the apex an NS record goes into service", "[store][guard]") {
    StoreFixture f;
    fill(f);
    SECTION("one of two stays") {
        CHECK(apply(f, {step(2, {ns("ns1.test")}, {})})->changed);
        CHECK(f.serial(zone_name()) == 3U);
    }
    SECTION("another comes in the next step") {
        CHECK(
            apply(f, {step(2, {ns("ns1.test"), ns("ns2.test")}, {}), step(3, {}, {ns("ns3.test")})})
                ->changed);
        CHECK(f.serial(zone_name()) == 4U);
    }
}

TEST_CASE("content that differs throughout is held whole and read, approved or dropped",
          "[store][guard]") {
    StoreFixture f;
    const Model all = big_model(600, std::string(200, 'x'));
    Model other;  // the difference to which is larger than the zone
    for (const auto& [owner, text] : all) {
        other.emplace(fmt::format("other-{}", owner), text);
    }
    REQUIRE(f.replace(zone_name(), 1, all));
    const auto done = change(
        f,
        zone::ReplaceWith{soa(zone_name(), 2), stream_of(zone_name(), other, f.options.directory)});
    REQUIRE(done);
    REQUIRE(done->held);
    CHECK(done->held->lost == 600);
    f.reopen();
    CHECK(f.read(zone_name()) == all);
    const std::uint64_t pages = f.entries(Table::pages);
    SECTION("approved") {
        REQUIRE(change(f, zone::PublishHeld{.serial = dns::Serial{2}})->changed);
        CHECK(f.read(zone_name()) == other);
        CHECK(f.history(zone_name(), 1) == "none");
    }
    SECTION("dropped") {
        REQUIRE(change(f, zone::DropHeld{.serial = dns::Serial{2}}));
        CHECK(f.read(zone_name()) == all);
    }
    SECTION("replaced by a good one") {
        Model good = all;
        good["name1"] = "changed";
        REQUIRE(f.replace(zone_name(), 3, good));
        CHECK(f.read(zone_name()) == good);
    }
    CHECK(f.store->hold(zone_name()) == nullptr);
    f.store->drain();
    CHECK(f.entries(Table::pages) * 2 == pages);
}

TEST_CASE("a rejected version is forgotten by an operator's word, under its serial alone",
          "[store][guard]") {
    StoreFixture f;
    fill(f);
    REQUIRE(hold_few(f, 3)->held);
    for (const bool reject : {false, true}) {
        const auto wrong = change(f, zone::DropHeld{.serial = dns::Serial{9}, .reject = reject});
        REQUIRE_FALSE(wrong);
        CHECK(wrong.error().code() == Errc::not_found);
    }
    REQUIRE(change(f, zone::DropHeld{.serial = dns::Serial{3}, .reject = true}));
    const auto again = change(f, zone::DropHeld{.serial = dns::Serial{3}, .reject = true});
    REQUIRE_FALSE(again);
    CHECK(again.error().code() == Errc::not_found);
    REQUIRE(change(f, zone::DropHeld{.serial = dns::Serial{2}, .reject = false}).error().code() ==
            Errc::not_found);
    REQUIRE(f.store->hold(zone_name())->rejected);
    REQUIRE(change(f, zone::DropHeld{.serial = dns::Serial{3}, .reject = false}));
    CHECK(f.store->hold(zone_name()) == nullptr);
    CHECK(f.entries(Table::holds) == 0);
}

TEST_CASE("a held version whose base was lost to damage is not published", "[store][guard]") {
    StoreFixture f;
    fill(f);
    REQUIRE(hold_few(f, 3)->held);
    f.close();
    {
        const auto lock = LockFile::acquire(f.options.directory, "test");
        const auto env = Environment::open({f.options.directory, f.options.max_bytes, *lock});
        REQUIRE(env);
        Result<WriteTransaction> txn = WriteTransaction::begin(*env);
        REQUIRE(txn);
        const Bytes rot(40, 7);
        REQUIRE(txn->put(Table::zones, zone_key(zone_name()), rot));
        REQUIRE(txn->commit());
    }
    f.open();
    REQUIRE(f.store->opening().damaged_zones.size() == 1);
    const auto done = change(f, zone::PublishHeld{.serial = dns::Serial{3}});
    REQUIRE_FALSE(done);
    CHECK(done.error().code() == Errc::transfer_diverged);
    CHECK_FALSE(f.serial(zone_name()));
    CHECK(f.store->held(zone_name()).error().code() == Errc::not_found);
    REQUIRE(f.replace(zone_name(), 4, big_model(5)));
    CHECK(f.store->hold(zone_name()) == nullptr);
    CHECK(f.read(zone_name()) == big_model(5));
}

}  // namespace twinzone::store::test
