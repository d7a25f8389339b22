// The small values: serials, types and classes, the SOA record.
#include "common/dns/rr_type.h"
#include "common/dns/serial.h"
#include "common/dns/soa.h"
#include "tests/support/catch.h"
#include "tests/unit/dns/wire.h"

namespace twinzone::dns {

TEST_CASE("serials compare on a circle", "[dns][serial]") {
    struct Row {
        std::uint32_t a;
        std::uint32_t b;
        SerialOrder order;
    };
    const Row rows[] = {
        {1, 1, SerialOrder::equal},
        {2, 1, SerialOrder::newer},
        {1, 2, SerialOrder::older},
        {0, 0xffffffff, SerialOrder::newer},
        {0x7fffffff, 0, SerialOrder::newer},
        {0x80000000, 0, SerialOrder::incomparable},
        {0, 0x80000000, SerialOrder::incomparable},
        {0x80000001, 0, SerialOrder::older},
    };
    for (const Row& row : rows) {
        CHECK(compare(Serial{row.a}, Serial{row.b}) == row.order);
    }
    CHECK(is_newer(Serial{5}, Serial{0xfffffff0}));
    CHECK_FALSE(is_newer(Serial{0x80000000}, Serial{0}));
}

TEST_CASE("types and classes have text both ways", "[dns][rr_type]") {
    for (const unsigned number : {1U, 2U, 6U, 28U, 33U, 64U, 65U, 257U, 32769U, 65280U, 0U}) {
        const auto type = static_cast<RrType>(number);
        CHECK(rr_type_from_text(to_text(type)) == type);
    }
    CHECK(to_text(RrType::aaaa) == "AAAA");
    CHECK(to_text(static_cast<RrType>(65280)) == "TYPE65280");
    CHECK(rr_type_from_text("type1") == RrType::a);
    CHECK(rr_type_from_text("Nsec3") == RrType::nsec3);
    for (const char* text : {"", "TYPE", "TYPE65536", "TYPE-1", "TYPE1x", "AX"}) {
        CHECK_FALSE(rr_type_from_text(text));
    }
    CHECK(to_text(RrClass::in) == "IN");
    CHECK(rr_class_from_text("CLASS1") == RrClass::in);
    CHECK(to_text(static_cast<RrClass>(4711)) == "CLASS4711");
    CHECK_FALSE(rr_class_from_text("CLASS65536"));
}

TEST_CASE("types that never stand in a zone are known", "[dns][rr_type]") {
    CHECK(is_meta(RrType::opt));
    CHECK(is_meta(RrType::tsig));
    CHECK(is_meta(RrType::axfr));
    CHECK(is_meta(RrType::any));
    CHECK(is_meta(static_cast<RrType>(0)));
    CHECK_FALSE(is_meta(RrType::soa));
    CHECK_FALSE(is_meta(RrType::caa));
    CHECK_FALSE(is_meta(static_cast<RrType>(127)));
    CHECK_FALSE(is_meta(static_cast<RrType>(65280)));
}

TEST_CASE("a SOA record is a value and its rdata", "[dns][soa]") {
    const Bytes rdata = test::concat({test::wire("Ns1.test."), test::wire("admin.test."),
                                      test::hex("0000000700001c20000003840012750000000001")});
    const Result<SoaRecord> soa =
        SoaRecord::parse(test::record("test.", RrType::soa, rdata).view());
    REQUIRE(soa);
    CHECK(soa->serial == Serial{7});
    CHECK(soa->refresh == seconds{7200});
    CHECK(soa->minimum == 1);
    CHECK(soa->rdata() == rdata);
    SoaRecord other = *soa;
    other.mname = test::name("nS1.test.");
    other.ttl = Ttl{1};
    CHECK(same_rdata(*soa, other));
    other.minimum = 2;
    CHECK_FALSE(same_rdata(*soa, other));
    CHECK_FALSE(SoaRecord::parse(test::record("test.", RrType::soa, test::hex("0000")).view()));
}

}  // namespace twinzone::dns
