#include "common/dns/rdata_layout.h"

#include "tests/support/catch.h"
#include "tests/unit/dns/wire.h"

namespace twinzone::dns {

using test::concat;
using test::hex;
using test::wire;

TEST_CASE("rdata is whole or refused", "[dns][rdata_layout]") {
    struct Row {
        RrType type;
        Bytes good;
    };
    const Row rows[] = {
        {RrType::a, hex("c0000201")},
        {RrType::aaaa, Bytes(16)},
        {RrType::ns, wire("a.test.")},
        {RrType::soa, concat({wire("a."), wire("b."), Bytes(20)})},
        {RrType::mx, concat({hex("000a"), wire("a.test.")})},
        {RrType::hinfo, hex("01 61 02 6262")},
        {RrType::naptr, concat({hex("00010002 0161 00 0163"), wire("a.")})},
        {RrType::srv, concat({Bytes(6), wire("a.")})},
        {RrType::px, concat({Bytes(2), wire("a."), wire("b.")})},
        {RrType::dname, wire(".")},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(to_text(row.type)) {
            CHECK(check_rdata(row.type, row.good));
            for (std::size_t size = 0; size < row.good.size(); ++size) {
                CHECK_FALSE(check_rdata(row.type, ByteView{row.good}.first(size)));
            }
            CHECK_FALSE(check_rdata(row.type, concat({row.good, hex("00")})));
        }
    }
}

TEST_CASE("rdata with an open end takes what is left", "[dns][rdata_layout]") {
    const Bytes rrsig = concat({Bytes(18), wire("a."), hex("abcd")});
    CHECK(check_rdata(RrType::rrsig, rrsig));
    CHECK(check_rdata(RrType::rrsig, ByteView{rrsig}.first(rrsig.size() - 2)));
    CHECK_FALSE(check_rdata(RrType::rrsig, ByteView{rrsig}.first(rrsig.size() - 3)));
    CHECK(check_rdata(static_cast<RrType>(65400), {}));
}

TEST_CASE("canonical form lowers the names of the older types only", "[dns][rdata_layout][R43]") {
    struct Row {
        RrType type;
        Bytes rdata;
        Bytes canonical;
    };
    const Row rows[] = {
        {RrType::mx, concat({hex("4141"), wire("A.Test.")}),
         concat({hex("4141"), wire("a.test.")})},
        {RrType::srv, concat({Bytes(6), wire("A.")}), concat({Bytes(6), wire("a.")})},
        {RrType::rrsig, concat({Bytes(18), wire("A."), hex("4142")}),
         concat({Bytes(18), wire("a."), hex("4142")})},
        {RrType::nsec, concat({wire("A."), hex("0001 40")}), concat({wire("A."), hex("0001 40")})},
        {RrType::hinfo, hex("0141 0142"), hex("0141 0142")},
        {RrType::txt, hex("0141"), hex("0141")},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(to_text(row.type)) {
            Bytes out;
            append_canonical_rdata(row.type, row.rdata, out);
            CHECK(out == row.canonical);
            CHECK(compare_canonical_rdata(row.type, row.rdata, row.canonical) == 0);
        }
    }
}

TEST_CASE("rdata orders as left-justified octets", "[dns][rdata_layout]") {
    const struct {
        RrType type;
        Bytes less;
        Bytes more;
    } rows[] = {
        {RrType::a, hex("01020304"), hex("01020305")},
        {RrType::txt, hex("0161"), hex("0161 00")},
        {RrType::ns, wire("A."), wire("b.")},
        {RrType::ns, wire("a."), wire("B.")},
        {RrType::nsec, wire("B."), wire("a.")},  // keeps its case
        {RrType::txt, {}, hex("00")},
    };
    for (const auto& row : rows) {
        CHECK(compare_canonical_rdata(row.type, row.less, row.more) < 0);
        CHECK(compare_canonical_rdata(row.type, row.more, row.less) > 0);
        CHECK(compare_canonical_rdata(row.type, row.more, row.more) == 0);
    }
}

}  // namespace twinzone::dns
