#include "common/dns/compressor.h"

#include <map>

#include "common/base/random.h"
#include "common/dns/header.h"
#include "tests/support/catch.h"
#include "tests/unit/dns/wire.h"

namespace twinzone::dns {

using test::concat;
using test::hex;
using test::name;
using test::read_all;
using test::record;
using test::wire;

namespace {

Bytes empty_message() {
    return Bytes(kHeaderBytes);
}

// What `names` take behind the header.
Bytes written(const std::vector<const char*>& names) {
    Compressor compressor;
    Bytes out = empty_message();
    for (const char* text : names) {
        compressor.append_name(name(text), out);
    }
    return {out.begin() + kHeaderBytes, out.end()};
}

Record random_record(Random& random) {
    static const char* const names[] = {"example.test.",
                                        "a.example.test.",
                                        "A.example.test.",
                                        "b.a.example.test.",
                                        "Example.test.",
                                        "test.",
                                        ".",
                                        "a-label-longer-than-eight-octets.example.test.",
                                        "x.a-label-longer-than-eight-octetz.example.test."};
    const auto any_name = [&] { return names[random.below(std::size(names))]; };
    switch (random.below(6)) {
        case 0: return record(any_name(), RrType::a, hex("c0000201"));
        case 1: return record(any_name(), RrType::ns, wire(any_name()));
        case 2: return record(any_name(), RrType::mx, concat({hex("000a"), wire(any_name())}));
        case 3:
            return record(any_name(), RrType::srv, concat({hex("000100020003"), wire(any_name())}));
        case 4:
            return record(any_name(), RrType::minfo, concat({wire(any_name()), wire(any_name())}));
        default: return record(any_name(), RrType::txt, hex("03 616263"));
    }
}

}  // namespace

TEST_CASE("a suffix that stands already becomes a pointer", "[dns][compressor]") {
    CHECK(written({"a.test.", "a.test."}) == hex("0161 04 74657374 00 c00c"));
    CHECK(written({"a.test.", "b.test."}) == hex("0161 04 74657374 00 0162 c00e"));
    CHECK(written({"a.test.", "test."}) == hex("0161 04 74657374 00 c00e"));
    CHECK(written({"a.test.", "b.a.test.", "c.b.a.test."}) ==
          hex("0161 04 74657374 00 0162 c00c 0163 c014"));
    CHECK(written({".", "."}) == hex("00 00"));
    CHECK(written({"a.", "a.a.", "a.a.a."}) == hex("0161 00 0161 c00c 0161 c00f"));
}

TEST_CASE("case is kept, so other case is another suffix", "[dns][compressor]") {
    CHECK(written({"a.test.", "A.test."}) == hex("0161 04 74657374 00 0141 c00e"));
    CHECK(written({"a.tesT.", "a.test."}) == hex("0161 04 74657354 00 0161 04 74657374 00"));
    // Same octets, other labels: 2 "a\001" and 1 "a", 1 … must not be taken for one another.
    CHECK(written({"a\\001b.", "a.b."}) == hex("03 610162 00 0161 0162 00"));
}

TEST_CASE("rdata is compressed for the types of RFC 1035 only", "[dns][compressor]") {
    struct Row {
        RrType type;
        Bytes rdata;
        Bytes expected;
    };
    const Row rows[] = {
        {RrType::ns, wire("a.test."), hex("c00c")},
        {RrType::mx, concat({hex("0001"), wire("b.test.")}), hex("0001 0162 c00e")},
        {RrType::minfo, concat({wire("a.test."), wire("test.")}), hex("c00c c00e")},
        {RrType::srv, concat({hex("000100020003"), wire("a.test.")}),
         concat({hex("000100020003"), wire("a.test.")})},
        {RrType::dname, wire("a.test."), wire("a.test.")},
        {RrType::rp, concat({wire("a.test."), wire("a.test.")}),
         concat({wire("a.test."), wire("a.test.")})},
        {RrType::txt, wire("a.test."), wire("a.test.")},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(to_text(row.type)) {
            Compressor compressor;
            Bytes out = empty_message();
            compressor.append_record(record("a.test.", row.type, row.rdata).view(), out);
            const std::size_t rdata_at = kHeaderBytes + wire("a.test.").size() + 10;
            CHECK(load_u16(out.data() + rdata_at - 2) == row.expected.size());
            CHECK(Bytes(out.begin() + static_cast<std::ptrdiff_t>(rdata_at), out.end()) ==
                  row.expected);
        }
    }
}

TEST_CASE("no pointer leads beyond 16 KiB", "[dns][compressor][R12]") {
    Compressor compressor;
    Bytes out(kMaxPointerTarget - 2);           // "near" starts two octets before the last target
    compressor.append_name(name("n.f."), out);  // "f." stands at 0x3fff
    compressor.append_name(name("f."), out);
    CHECK(load_u16(out.data() + out.size() - 2) == 0xffff - 0);
    compressor.append_name(name("far."), out);
    const std::size_t before = out.size();
    compressor.append_name(name("far."), out);
    CHECK(out.size() - before == wire("far.").size());
}

TEST_CASE("reset and rewind forget what is gone", "[dns][compressor]") {
    Compressor compressor;
    Bytes out = empty_message();
    compressor.append_name(name("a.test."), out);
    const std::size_t kept = out.size();
    compressor.append_name(name("b.a.test."), out);
    compressor.append_name(name("c.other."), out);
    out.resize(kept);
    compressor.rewind(kept);
    compressor.append_name(name("c.other."), out);
    compressor.append_name(name("b.a.test."), out);
    CHECK(Bytes(out.begin() + static_cast<std::ptrdiff_t>(kept), out.end()) ==
          concat({wire("c.other."), hex("0162 c00c")}));

    compressor.reset();
    out = empty_message();
    compressor.append_name(name("a.test."), out);
    CHECK(out.size() == kHeaderBytes + wire("a.test.").size());
}

TEST_CASE("a table that was reset very often is as good as new", "[dns][compressor]") {
    Compressor compressor;
    for (int i = 0; i < 70000; ++i) {  // more than generations have numbers
        Bytes out = empty_message();
        compressor.append_name(name("a.test."), out);
        compressor.append_name(name("b.test."), out);
        REQUIRE(out.size() == kHeaderBytes + 8 + 4);
        compressor.reset();
    }
}

TEST_CASE("more suffixes than are remembered are written whole", "[dns][compressor]") {
    Compressor compressor;
    Bytes out = empty_message();
    std::vector<Record> records;
    Random random{3};
    for (int i = 0; i < 4000; ++i) {
        const std::string label{static_cast<char>('a' + random.below(26)),
                                static_cast<char>('a' + random.below(26)),
                                static_cast<char>('a' + random.below(26))};
        records.push_back(record(label + ".", RrType::txt, {}));
        compressor.append_record(records.back().view(), out);
    }
    Header header;
    header.ancount = static_cast<std::uint16_t>(records.size());
    write_header(header, out.data());
    const Result<std::vector<Record>> read = read_all(out);
    REQUIRE(read);
    for (std::size_t i = 0; i < records.size(); ++i) {
        REQUIRE(test::same(records[i].view(), (*read)[i].view()));
    }
}

TEST_CASE("what is written is read back, also after rewinding", "[dns][compressor]") {
    Random random{11};
    Compressor compressor;
    for (int round = 0; round < 300; ++round) {
        compressor.reset();
        Bytes out = empty_message();
        std::vector<Record> records;
        for (std::uint64_t steps = random.below(60); steps > 0; --steps) {
            const std::size_t size = out.size();
            const Record one = random_record(random);
            compressor.append_record(one.view(), out);
            if (random.below(3) == 0) {
                out.resize(size);
                compressor.rewind(size);
                continue;
            }
            records.push_back(one);
        }
        Header header;
        header.ancount = static_cast<std::uint16_t>(records.size());
        write_header(header, out.data());
        const Result<std::vector<Record>> read = read_all(out);
        REQUIRE(read);
        REQUIRE(read->size() == records.size());
        for (std::size_t i = 0; i < records.size(); ++i) {
            REQUIRE(test::same(records[i].view(), (*read)[i].view()));
        }
    }
}

}  // namespace twinzone::dns
