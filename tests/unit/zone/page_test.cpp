#include "common/zone/page.h"

#include <cstdlib>
#include <memory>

#include <fmt/format.h>
#include <ldns/ldns.h>

#include "common/zone/page_encoder.h"
#include "tests/support/catch.h"
#include "tests/unit/zone/generator.h"

namespace twinzone::zone::test {

namespace {

struct FreePacket {
    void operator()(ldns_pkt* packet) const noexcept { ldns_pkt_free(packet); }
};

// The octets of a record, uncompressed, as ldns has them.
Bytes wire_of(const ldns_rr* rr) {
    std::uint8_t* octets = nullptr;
    std::size_t size = 0;
    REQUIRE(ldns_rr2wire(&octets, rr, LDNS_SECTION_ANSWER, &size) == LDNS_STATUS_OK);
    const std::unique_ptr<std::uint8_t, decltype(&std::free)> owned{octets, &std::free};
    return {octets, octets + size};
}

Bytes wire_of(const dns::RecordView& record) {
    Bytes out;
    ByteWriter writer{out};
    writer.bytes(record.owner.wire());
    writer.u16(value(record.type));
    writer.u16(value(record.rr_class));
    writer.u32(record.ttl.value());
    writer.u16(static_cast<std::uint16_t>(record.rdata.size()));
    writer.bytes(record.rdata);
    return out;
}

// Records of a page, as ldns reads them.
std::vector<Bytes> read_by_ldns(const Bytes& page) {
    ldns_pkt* raw = nullptr;
    REQUIRE(ldns_wire2pkt(&raw, page.data(), page.size()) == LDNS_STATUS_OK);
    const std::unique_ptr<ldns_pkt, FreePacket> packet{raw};
    CHECK(ldns_pkt_id(raw) == 0);
    CHECK(ldns_pkt_qr(raw));
    CHECK(ldns_pkt_aa(raw));
    CHECK(ldns_pkt_qdcount(raw) == 0);
    const ldns_rr_list* answers = ldns_pkt_answer(raw);
    std::vector<Bytes> records;
    for (std::size_t i = 0; i < ldns_rr_list_rr_count(answers); ++i) {
        records.push_back(wire_of(ldns_rr_list_rr(answers, i)));
    }
    return records;
}

}  // namespace

TEST_CASE("a page is the message that its format says", "[zone][page]") {
    PageFill fill;
    CHECK(fill.add(a("www.example.", 0xc0000201).view()));
    CHECK(fill.add(named("www.example.", dns::RrType::ptr, "example.").view()));
    const Bytes expected = {
        0,    0,   0x84, 0,   0, 0,   0,   2,    0,   0,    0,    0,              // header
        3,    'w', 'w',  'w', 7, 'e', 'x', 'a',  'm', 'p',  'l',  'e', 0,         // owner
        0,    1,   0,    1,   0, 0,   1,   0x2c, 0,   4,    0xc0, 0,   2,    1,   // A
        0xc0, 12,  0,    12,  0, 1,   0,   0,    1,   0x2c, 0,    2,   0xc0, 16,  // PTR
    };
    CHECK(fill.take() == expected);
}

TEST_CASE("ldns reads pages to the same records", "[zone][page]") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        Generator generator{seed};
        const RecordList content = generator.zone(1500);
        const Zone zone{soa(1), content};
        std::size_t index = 0;
        for (const auto& [key, page] : zone.table.pages) {
            for (const Bytes& read : read_by_ldns(page)) {
                REQUIRE(index < content.size());
                REQUIRE(read == wire_of(content[index]));  // case included
                ++index;
            }
        }
        CHECK(index == content.size());
    }
}

TEST_CASE("an encoder fills pages to the brim", "[zone][page]") {
    RecordList content;
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        content.append(a(fmt::format("host-{:05}.example.", i), i).view());
    }
    const Zone zone{soa(1), content};
    check_zone(zone, content);
    std::size_t seen = 0;
    for (const auto& [key, page] : zone.table.pages) {
        CHECK(page.size() <= kPageBytes);
        if (++seen < zone.table.pages.size()) {
            CHECK(page.size() > kPageBytes - 32);
        }
    }
}

TEST_CASE("a record larger than a page has one to itself", "[zone][page]") {
    const auto large = [](std::string_view owner, std::size_t wire_bytes) {
        const std::size_t rdata = wire_bytes - name(owner).view().size() - 10;
        return record(owner, static_cast<dns::RrType>(65280), Bytes(rdata, 7));
    };
    const RecordList content =
        list_of({a("a.example.", 1), large("b.example.", kPageBytes - dns::kHeaderBytes),
                 large("c.example.", kPageBytes - dns::kHeaderBytes + 1), a("d.example.", 1),
                 large("e.example.", kMaxRecordWireBytes), large("f.example.", 40'000),
                 a("g.example.", 1)});
    const Zone zone{soa(1), content};
    check_zone(zone, content);
    CHECK(zone.table.pages.size() == 7);
}

TEST_CASE("R11: a record that fits no message is refused where it comes in", "[zone][page]") {
    const std::size_t rdata = kMaxRecordWireBytes - name("a.example.").view().size() - 10 + 1;
    const dns::Record too_large =
        record("a.example.", static_cast<dns::RrType>(65280), Bytes(rdata, 7));
    PageEncoder encoder;
    const Result<std::optional<EncodedPage>> encoded = encoder.add(too_large.view());
    REQUIRE_FALSE(encoded);
    CHECK(encoded.error().code() == Errc::limit);
    CHECK(encoded.error().detail().find("a.example. TYPE65280") == 0);

    Zone zone{soa(1), {}};
    const Diff adding{soa(1), soa(2), {}, list_of({too_large})};
    CHECK(zone.apply(adding).error().code() == Errc::limit);
}

TEST_CASE("pages with one first owner are numbered from 0, as far as 16 bits go", "[zone][page]") {
    const Bytes a = sort_key(name("a.example."));
    const Bytes b = sort_key(name("b.example."));
    PageNumbers numbers;
    CHECK(*numbers.next(a) == page_key(a, 0));
    CHECK(*numbers.next(a) == page_key(a, 1));
    CHECK(numbers.would_give(page_key(a, 2)));
    CHECK_FALSE(numbers.would_give(page_key(a, 1)));
    CHECK(*numbers.next(b) == page_key(b, 0));
    numbers.continue_behind(page_key(a, kMaxPageNumber));
    CHECK(numbers.next(a).error().code() == Errc::limit);
    CHECK(*numbers.next(b) == page_key(b, 0));
}

TEST_CASE("content out of order, or with a SOA in it, is no version", "[zone][page]") {
    struct Row {
        const char* name;
        std::vector<dns::Record> records;
        Errc expected;
    };
    const Row rows[] = {
        {"out of order", {a("b.example.", 1), a("a.example.", 1)}, Errc::internal},
        {"twice", {a("a.example.", 1), a("A.example.", 1, 7)}, Errc::internal},
        {"SOA below the apex", {soa(1, "a.example.").record()}, Errc::transfer_malformed},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            RecordList content;
            for (const dns::Record& each : row.records) {
                content.append(each.view());
            }
            ListStream stream{content};
            VersionEncoder encoder{soa(1), stream};
            const Result<std::optional<EncodedPage>> page = encoder.next();
            REQUIRE_FALSE(page);
            CHECK(page.error().code() == row.expected);
        }
    }
}

TEST_CASE("what is no page is damage", "[zone][page]") {
    PageFill fill;
    CHECK(fill.add(named("a.example.", dns::RrType::ns, "ns.example.").view()));
    const Bytes page = fill.take();
    const auto code = [](const Bytes& octets) {
        PageReader reader{octets};
        for (;;) {
            const Result<std::optional<dns::RecordView>> record = reader.next();
            if (!record) {
                return std::optional{record.error().code()};
            }
            if (!*record) {
                return std::optional<Errc>{};
            }
        }
    };
    CHECK_FALSE(code(page));
    for (std::size_t size = 0; size < page.size(); ++size) {
        CHECK(code({page.begin(), page.begin() + static_cast<std::ptrdiff_t>(size)}) ==
              Errc::store_corrupt);
    }
    Bytes longer = page;
    longer.push_back(0);
    CHECK(code(longer) == Errc::store_corrupt);
    for (std::size_t at = 0; at < dns::kHeaderBytes; ++at) {
        Bytes changed = page;
        changed[at] ^= 2;
        CHECK(code(changed) == Errc::store_corrupt);
    }
}

TEST_CASE("no flipped bit makes a reader leave its page", "[zone][page]") {
    Generator generator{9};
    const Zone zone{soa(1), generator.zone(300)};
    for (const auto& [key, page] : zone.table.pages) {
        for (int round = 0; round < 300; ++round) {
            Bytes damaged = page;
            for (std::uint32_t flips = 1 + generator.number(4); flips > 0; --flips) {
                damaged[generator.number(static_cast<std::uint32_t>(page.size()))] ^=
                    static_cast<std::uint8_t>(1U << generator.number(8));
            }
            PageReader reader{damaged};
            Result<std::optional<dns::RecordView>> record = reader.next();
            while (record && *record) {
                CHECK((*record)->owner.size() <= dns::kMaxNameBytes);
                record = reader.next();
            }
            CHECK((record || record.error().code() == Errc::store_corrupt));
        }
    }
}

}  // namespace twinzone::zone::test
