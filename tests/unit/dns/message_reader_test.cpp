#include "common/dns/message_reader.h"

#include "common/base/random.h"
#include "common/dns/compressor.h"
#include "common/dns/rdata_layout.h"
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

// A header with no question and `answers` records.
Bytes header_of(std::uint16_t answers) {
    Header header;
    header.qr = true;
    header.ancount = answers;
    Bytes out(kHeaderBytes);
    write_header(header, out.data());
    return out;
}

// One answer record with these octets, behind the header.
Result<std::vector<Record>> read_one(std::string_view record_hex) {
    return read_all(concat({header_of(1), hex(record_hex)}));
}

// Checks what every record that comes out must be.
void check_sound(ByteView message) {
    const Result<std::vector<Record>> records = read_all(message);
    if (!records) {
        CHECK(records.error().code() == Errc::message_malformed);
        return;
    }
    for (const Record& one : *records) {
        CHECK(NameView::parse(one.owner.view().wire()));
        CHECK(((one.rdata.empty() && one.rr_class != RrClass::in) ||
               check_rdata(one.type, one.rdata).has_value()));
    }
}

const char* const kFixedA = " 0001 0001 00000e10 0004 c0000201";  // A IN 3600 192.0.2.1

}  // namespace

TEST_CASE("lying records are refused", "[dns][message_reader][R47]") {
    struct Row {
        const char* why;
        std::string record;  // at offset 12
    };
    const Row rows[] = {
        {"pointer to itself", std::string{"c00c"} + kFixedA},
        {"pointer forward", std::string{"c010"} + kFixedA},
        {"pointer into the header", std::string{"c000"} + kFixedA},
        {"label and pointer to itself", std::string{"0161 c00c"} + kFixedA},
        {"label and pointer to its own pointer", std::string{"0161 c00e"} + kFixedA},
        {"pointer cut in two", "0161 c0"},
        {"reserved label type 01", std::string{"4161 00"} + kFixedA},
        {"reserved label type 10", std::string{"8061 00"} + kFixedA},
        {"name past the message", "3f 616161616161616161616161"},
        {"name without end", "0161 0161 0161 0161 0161 0161 0161"},
        {"cut in the fixed part", "0161 00 0001 0001 00000e10 00"},
        {"RDLENGTH beyond the message", "00 0001 0001 00000e10 0005 c0000201"},
        {"A of three octets", "00 0001 0001 00000e10 0003 c00002"},
        {"A of five octets", "00 0001 0001 00000e10 0005 c000020100"},
        {"A of class IN without rdata", "00 0001 0001 00000e10 0000"},
        {"octets behind the last record", std::string{"00"} + kFixedA + "00"},
        {"NS name past RDLENGTH", "00 0002 0001 00000e10 0003 0361 6263 00"},
        {"NS name shorter than RDLENGTH", "00 0002 0001 00000e10 0004 0161 00 00"},
        {"NS pointer cut by RDLENGTH", "00 0002 0001 00000e10 0001 c00c"},
        {"NS pointer into itself", "00 0002 0001 00000e10 0002 c017"},
        {"NS pointer forward", "00 0002 0001 00000e10 0003 c018 00"},
        {"MX of two octets", "00 000f 0001 00000e10 0002 0001"},
        {"SOA with half its numbers",
         "00 0006 0001 00000e10 0015 00 00 00000001000000020000000300000004000005"},
        {"string past RDLENGTH", "00 000d 0001 00000e10 0003 0161 02"},
        {"DNAME with a pointer", "0161 00 0027 0001 00000e10 0002 c00c"},
        {"NSEC with a pointer", "0161 00 002f 0001 00000e10 0005 c00c 0001 40"},
        {"RRSIG with a pointer",
         "0161 00 002e 0001 00000e10 0015 0001 0d01 00000e10 00000000 00000000 0000 c00c ff"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.why) {
            const Result<std::vector<Record>> records = read_one(row.record);
            REQUIRE_FALSE(records);
            CHECK(records.error().code() == Errc::message_malformed);
            CHECK_FALSE(records.error().detail().empty());
        }
    }
}

TEST_CASE("sound records come out as they are", "[dns][message_reader]") {
    struct Row {
        const char* what = nullptr;
        const char* record = nullptr;  // at offset 12
        Record expected;
    };
    const Row rows[] = {
        {"root owner", "00 0001 0001 00000e10 0004 c0000201",
         record(".", RrType::a, hex("c0000201"))},
        {"NS pointing to its owner", "0161 0162 00 0002 0001 00000e10 0002 c00e",
         record("a.b.", RrType::ns, wire("b."))},
        {"MX with a label and a pointer", "0142 00 000f 0001 00000e10 0006 000a 0161 c00c",
         record("B.", RrType::mx, concat({hex("000a"), wire("a.B.")}))},
        {"SRV compressed by an old server, RFC 3597 §4",
         "0161 00 0021 0001 00000e10 0008 0001000200 03 c00c",
         record("a.", RrType::srv, concat({hex("000100020003"), wire("a.")}))},
        {"SIG with a pointer and a signature behind it",
         "0161 00 0018 0001 00000e10 0016 0001 0501 00000e10 00000000 00000000 0000 c00c abcd",
         record(
             "a.", RrType::sig,
             concat({hex("0001 0501 00000e10 00000000 00000000 0000"), wire("a."), hex("abcd")}))},
        {"unknown type with anything in it", "0161 00 ffde 0001 00000e10 0003 c00cff",
         record("a.", static_cast<RrType>(0xffde), hex("c00cff"))},
        {"TXT without rdata is the zone's to judge", "0161 00 0010 0001 00000e10 0000",
         record("a.", RrType::txt, {})},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.what) {
            const Result<std::vector<Record>> records = read_one(row.record);
            REQUIRE(records);
            REQUIRE(records->size() == 1);
            CHECK(test::same(records->front().view(), row.expected.view()));
        }
    }
}

TEST_CASE("counts that cannot fit are refused before anything is read",
          "[dns][message_reader][R3]") {
    CHECK_FALSE(MessageReader::open(hex("0001 0000 0000 0000 0000 00")));  // 11 octets
    CHECK(MessageReader::open(hex("0001 0000 0000 0000 0000 0000")));
    CHECK_FALSE(MessageReader::open(hex("0001 0000 0001 0000 0000 0000 00000000")));
    CHECK(MessageReader::open(hex("0001 0000 0001 0000 0000 0000 0000010001")));
    CHECK_FALSE(MessageReader::open(hex("0001 0000 ffff ffff ffff ffff 0000010001")));
    CHECK_FALSE(MessageReader::open(Bytes(kMaxMessageBytes + 1)));
    CHECK(MessageReader::open(Bytes(kMaxMessageBytes)));
}

TEST_CASE("a message has one question or none", "[dns][message_reader]") {
    const Bytes two = hex("0001 0000 0002 0000 0000 0000 0000060001 0000060001");
    Result<MessageReader> reader = MessageReader::open(two);
    REQUIRE(reader);
    CHECK_FALSE(reader->question());  // RFC 9619

    const Bytes pointer = hex("0001 0000 0001 0000 0000 0000 c00c00060001");
    reader = MessageReader::open(pointer);
    CHECK_FALSE(reader->question());
    const Bytes cut = hex("0001 0000 0001 0000 0000 0000 0161000006");
    reader = MessageReader::open(cut);
    CHECK_FALSE(reader->question());
}

TEST_CASE("records know their section and place", "[dns][message_reader]") {
    const Bytes message =
        concat({hex("0001 8000 0001 0001 0002 0001 00 0006 0001"), hex(std::string{"00"} + kFixedA),
                hex(std::string{"00"} + kFixedA), hex(std::string{"00"} + kFixedA),
                hex(std::string{"00"} + kFixedA)});
    Result<MessageReader> reader = MessageReader::open(message);
    REQUIRE(reader);
    REQUIRE(reader->question());
    const Section sections[] = {Section::answer, Section::authority, Section::authority,
                                Section::additional};
    for (std::size_t i = 0; i < 4; ++i) {
        const Result<std::optional<SectionRecord>> next = reader->next();
        REQUIRE(next);
        REQUIRE(*next);
        CHECK((*next)->section == sections[i]);
        CHECK((*next)->offset == 17 + i * 15);
    }
    CHECK_FALSE(reader->next()->has_value());
}

TEST_CASE("names have at most 255 octets however they are put together",
          "[dns][message_reader][R47]") {
    // At 12: 191 octets of labels and a root; then a label and a pointer to them.
    const std::string label63(63, 'a');
    const Bytes base = wire(label63 + "." + label63 + "." + label63 + ".");
    const auto with_label = [&](std::uint8_t size) {
        Bytes label(size + std::size_t{1}, 'b');
        label[0] = size;
        return concat({header_of(2), base, hex(kFixedA), label, hex("c00c"), hex(kFixedA)});
    };
    CHECK((*read_all(with_label(61)))[1].owner.view().size() == 255);
    CHECK_FALSE(read_all(with_label(62)));
    CHECK_FALSE(read_all(with_label(63)));
    // 256 octets without any pointer
    const Bytes long_name = concat({header_of(1), Bytes{}, base});
    Bytes straight(long_name.begin(), long_name.end() - 1);
    straight.push_back(62);
    straight.insert(straight.end(), 62, 'c');
    straight.push_back(0);
    CHECK_FALSE(read_all(concat({straight, hex(kFixedA)})));
}

TEST_CASE("a chain of pointers ends after 127", "[dns][message_reader][R47]") {
    // TXT rdata that is nothing but pointers, each to the one before; the first points to a root.
    const auto chain = [](std::size_t pointers) {
        Bytes links = hex("00");
        std::size_t previous = 23;  // the rdata's offset
        for (std::size_t i = 1; i < pointers; ++i) {
            const std::size_t here = 24 + 2 * (i - 1);
            links.push_back(static_cast<std::uint8_t>(0xc0 | (previous >> 8)));
            links.push_back(static_cast<std::uint8_t>(previous));
            previous = here;
        }
        Bytes length(2);
        store_u16(length.data(), static_cast<std::uint16_t>(links.size()));
        Bytes owner(2);
        store_u16(owner.data(), static_cast<std::uint16_t>(0xc000 | previous));
        return concat(
            {header_of(2), hex("00 0010 0001 00000e10"), length, links, owner, hex(kFixedA)});
    };
    CHECK(read_all(chain(2)));
    CHECK(read_all(chain(127)));
    CHECK_FALSE(read_all(chain(128)));
}

TEST_CASE("pointers reach up to 16 KiB and no further", "[dns][message_reader]") {
    // An owner at the last offset that 14 bits hold.
    const std::size_t filler = kMaxPointerTarget - kHeaderBytes - 11;
    Bytes rdata(filler, 0xee);
    Bytes length(2);
    store_u16(length.data(), static_cast<std::uint16_t>(filler));
    const Bytes message = concat({header_of(3), hex("00 fffe 0001 00000e10"), length, rdata,
                                  wire("far."), hex(kFixedA), hex("ffff"), hex(kFixedA)});
    const Result<std::vector<Record>> records = read_all(message);
    REQUIRE(records);
    CHECK((*records)[2].owner == name("far."));
}

TEST_CASE("a body kept without its header is read where it stands", "[dns][record_reader]") {
    const Bytes body = hex("0161 00 0002 0001 00000e10 0002 c00c");
    RecordReader reader{MessageOctets{body, kHeaderBytes}, kHeaderBytes};
    const Result<RecordView> record = reader.next();
    REQUIRE(record);
    CHECK(record->owner == name("a."));
    CHECK(test::same(*record, test::record("a.", RrType::ns, wire("a.")).view()));
    CHECK(reader.remaining() == 0);
    CHECK(reader.offset() == kHeaderBytes + body.size());
    CHECK_FALSE(reader.next());

    const Bytes into_header = hex("0161 00 0002 0001 00000e10 0002 c00b");
    RecordReader hostile{MessageOctets{into_header, kHeaderBytes}, kHeaderBytes};
    CHECK_FALSE(hostile.next());
}

TEST_CASE("random octets never break the reader", "[dns][message_reader]") {
    Random random{20260101};
    for (int round = 0; round < 20000; ++round) {
        Bytes message(kHeaderBytes + random.below(80));
        for (std::uint8_t& octet : message) {
            octet = static_cast<std::uint8_t>(random.next());
        }
        // Small counts, so that the records are reached; often a pointer or a short label.
        for (std::size_t at = 4; at < kHeaderBytes; ++at) {
            message[at] = at % 2 == 0 ? 0 : static_cast<std::uint8_t>(random.below(3));
        }
        for (std::size_t at = kHeaderBytes; at < message.size(); ++at) {
            switch (random.below(6)) {
                case 0: message[at] = 0; break;
                case 1: message[at] = 0xc0; break;
                case 2: message[at] = static_cast<std::uint8_t>(random.below(64)); break;
                default: break;
            }
        }
        check_sound(message);
    }
}

TEST_CASE("mutated messages never break the reader", "[dns][message_reader]") {
    Compressor compressor;
    Bytes message = header_of(5);
    compressor.append_record(record("example.test.", RrType::soa,
                                    concat({wire("ns.example.test."), wire("admin.example.test."),
                                            hex("0000000100000002000000030000000400000005")}))
                                 .view(),
                             message);
    compressor.append_record(
        record("example.test.", RrType::mx, concat({hex("000a"), wire("mx.example.test.")})).view(),
        message);
    compressor.append_record(
        record("s.example.test.", RrType::srv, concat({hex("000100020003"), wire("x.test.")}))
            .view(),
        message);
    compressor.append_record(
        record("n.example.test.", RrType::naptr,
               concat({hex("00010002 0161 0162 0163"), wire("r.example.test.")}))
            .view(),
        message);
    compressor.append_record(record("t.example.test.", RrType::txt, hex("0461626364")).view(),
                             message);
    REQUIRE(read_all(message));
    Random random{7};
    for (int round = 0; round < 20000; ++round) {
        Bytes mutated = message;
        for (std::uint64_t change = 1 + random.below(4); change > 0; --change) {
            mutated[random.below(mutated.size())] = static_cast<std::uint8_t>(random.next());
        }
        if (random.below(4) == 0) {
            mutated.resize(random.below(mutated.size() + 1));
        }
        check_sound(mutated);
    }
}

}  // namespace twinzone::dns
