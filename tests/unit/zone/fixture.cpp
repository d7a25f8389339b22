#include "tests/unit/zone/fixture.h"

#include "common/zone/page.h"
#include "common/zone/page_key.h"
#include "common/zone/page_records.h"
#include "tests/support/catch.h"

namespace twinzone::zone::test {

dns::Name name(std::string_view text) {
    return *dns::Name::from_text(text);
}

dns::Record record(std::string_view owner, dns::RrType type, Bytes rdata, std::uint32_t ttl) {
    dns::Record made;
    made.owner = name(owner);
    made.type = type;
    made.ttl = dns::Ttl{ttl};
    made.rdata = std::move(rdata);
    return made;
}

dns::Record a(std::string_view owner, std::uint32_t address, std::uint32_t ttl) {
    Bytes rdata;
    ByteWriter{rdata}.u32(address);
    return record(owner, dns::RrType::a, std::move(rdata), ttl);
}

dns::Record txt(std::string_view owner, std::string_view text) {
    Bytes rdata;
    ByteWriter writer{rdata};
    do {
        const std::string_view part = text.substr(0, 255);
        text.remove_prefix(part.size());
        writer.u8(static_cast<std::uint8_t>(part.size()));
        writer.bytes(as_bytes(part));
    } while (!text.empty());
    return record(owner, dns::RrType::txt, std::move(rdata));
}

dns::Record named(std::string_view owner, dns::RrType type, std::string_view target) {
    const dns::Name to = name(target);
    const ByteView wire = to.view().wire();
    return record(owner, type, {wire.begin(), wire.end()});
}

dns::SoaRecord soa(std::uint32_t serial, std::string_view apex) {
    dns::SoaRecord made;
    made.owner = name(apex);
    made.ttl = dns::Ttl{3600};
    made.mname = name("ns1.example.");
    made.rname = name("hostmaster.example.");
    made.serial = dns::Serial{serial};
    made.refresh = seconds{7200};
    return made;
}

RecordList list_of(const std::vector<dns::Record>& records) {
    RecordList list;
    for (const dns::Record& each : records) {
        list.append(each.view());
    }
    list.sort_unique();
    return list;
}

bool same_records(const RecordList& a, const RecordList& b) {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!same_content(a[i], b[i])) {
            return false;
        }
    }
    return true;
}

Result<std::optional<dns::RecordView>> ListStream::next() {
    return index_ < list_.size() ? std::optional{list_[index_++]}
                                 : std::optional<dns::RecordView>{};
}

Result<std::optional<PageTable::Entry>> MapTable::last_at_or_before(ByteView key) const {
    auto at = pages.upper_bound(key);
    if (at == pages.begin()) {
        return std::optional<Entry>{};
    }
    --at;
    return std::optional{Entry{at->first, at->second}};
}

Result<std::optional<PageTable::Entry>> MapTable::first_after(ByteView key) const {
    const auto at = pages.upper_bound(key);
    return at == pages.end() ? std::optional<Entry>{} : std::optional{Entry{at->first, at->second}};
}

void MapTable::write(const PageChanges& changes) {
    for (const auto& [key, page] : changes) {
        if (page) {
            pages.insert_or_assign(key, *page);
        } else {
            pages.erase(key);
        }
    }
}

Result<std::optional<ByteView>> MapCursor::next() {
    if (at_ == table_.pages.end()) {
        return std::optional<ByteView>{};
    }
    return std::optional<ByteView>{(at_++)->second};
}

Zone::Zone(const dns::SoaRecord& soa, const RecordList& records) {
    ListStream stream{records};
    VersionEncoder encoder{soa, stream};
    for (;;) {
        Result<std::optional<EncodedPage>> page = encoder.next();
        REQUIRE(page);
        if (!*page) {
            break;
        }
        REQUIRE(table.pages.emplace((*page)->key, (*page)->message).second);
    }
    version = encoder.version();
}

namespace {

// The back first: neither part may need what the other does.
Result<Applied> apply_in_two(const Diff& diff, PageOverlay& overlay, const MapTable& table,
                             Version& version) {
    const Result<std::unique_ptr<ApplyInTwo>> both =
        ApplyInTwo::begin(diff, overlay, table, version);
    if (!both || !*both) {
        return both ? zone::apply(diff, overlay, version) : fail(both.error());
    }
    (*both)->run_back();
    (*both)->run_front();
    return (*both)->finish(overlay, version);
}

}  // namespace

Result<Applied> Zone::apply(const Diff& diff) {
    PageOverlay in_two_overlay{table};
    Version in_two_version = version;
    Result<Applied> in_two = apply_in_two(diff, in_two_overlay, table, in_two_version);
    PageOverlay overlay{table};
    Result<Applied> applied = zone::apply(diff, overlay, version);
    REQUIRE(in_two.has_value() == applied.has_value());
    if (applied) {
        CHECK(in_two_version.digest == version.digest);
        CHECK(in_two_version.records == version.records);
        CHECK(in_two->removed == applied->removed);
        CHECK(in_two->added == applied->added);
        CHECK(in_two->already_there == applied->already_there);
        CHECK(in_two->exact.has_value() == applied->exact.has_value());
        if (applied->exact && in_two->exact) {
            CHECK(same_records(in_two->exact->removed, applied->exact->removed));
            CHECK(same_records(in_two->exact->added, applied->exact->added));
        }
    } else {
        CHECK(in_two_overlay.changes().empty());
        CHECK(in_two_version.digest == version.digest);
    }
    if (applied && in_two_turn) {
        table.write(in_two_overlay.changes());
        version = in_two_version;
        in_two_turn = false;
        return in_two;
    }
    in_two_turn = true;
    if (applied) {
        table.write(overlay.changes());
    } else {
        CHECK(overlay.changes().empty());
    }
    return applied;
}

RecordList Zone::records() const {
    RecordList list;
    PageRecords stream{std::make_unique<MapCursor>(table)};
    for (;;) {
        const Result<std::optional<dns::RecordView>> next = stream.next();
        REQUIRE(next);
        if (!*next) {
            return list;
        }
        list.append(**next);
    }
}

namespace {

// Keys agree with first owners, numbers count up by one, sizes are within limits.
void check_table(const MapTable& table) {
    PageNumbers numbers;
    for (const auto& [key, page] : table.pages) {
        PageReader reader{page};
        const Result<std::optional<dns::RecordView>> first = reader.next();
        REQUIRE(first);
        REQUIRE(*first);
        const Result<Bytes> expected = numbers.next(sort_key((*first)->owner));
        REQUIRE(expected);
        CHECK(key == *expected);
        if (page.size() > kPageBytes) {
            CHECK(load_u16(page.data() + 6) == 1);
            CHECK(page.size() <= dns::kHeaderBytes + kMaxRecordWireBytes);
        }
    }
}

}  // namespace

void check_zone(const Zone& zone, const RecordList& expected) {
    check_table(zone.table);
    const RecordList records = zone.records();
    for (std::size_t i = 1; i < records.size(); ++i) {
        REQUIRE(compare_canonical(records[i - 1], records[i]) < 0);
    }
    CHECK(same_records(records, expected));

    Digest digest;
    digest.add(zone.version.soa.record().view());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        digest.add(expected[i]);
    }
    std::uint64_t octets = 0;
    for (const auto& [key, page] : zone.table.pages) {
        octets += page.size();
    }
    CHECK(zone.version.digest == digest);
    CHECK(zone.version.records == expected.size() + 1);
    CHECK(zone.version.wire_bytes == octets);
}

Diff diff_of(const dns::SoaRecord& from, const RecordList& a, const dns::SoaRecord& to,
             const RecordList& b) {
    ListStream stream_a{a};
    ListStream stream_b{b};
    Result<std::optional<Diff>> made = diff(from, stream_a, to, stream_b, SIZE_MAX);
    REQUIRE(made);
    REQUIRE(*made);
    return std::move(**made);
}

}  // namespace twinzone::zone::test
