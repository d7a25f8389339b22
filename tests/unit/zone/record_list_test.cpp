#include "common/zone/record_list.h"

#include "tests/support/catch.h"
#include "tests/unit/zone/generator.h"

namespace twinzone::zone::test {

TEST_CASE("canonical order is owner, type, rdata", "[zone][record_list]") {
    const dns::Record ordered[] = {
        named("example.", dns::RrType::ns, "a.example."),
        named("example.", dns::RrType::ns, "B.example."),
        txt("example.", "x"),
        a("a.example.", 1),
        a("a.example.", 2),
        a("z.a.example.", 0),
        a("b.example.", 0),
    };
    for (std::size_t i = 0; i < std::size(ordered); ++i) {
        for (std::size_t j = 0; j < std::size(ordered); ++j) {
            const int order = compare_canonical(ordered[i].view(), ordered[j].view());
            CHECK((order < 0) == (i < j));
            CHECK((order == 0) == (i == j));
        }
    }
}

TEST_CASE("TTL and the case of names do not make another record", "[zone][record_list]") {
    const dns::Record one = named("a.example.", dns::RrType::ns, "ns.example.");
    dns::Record other_ttl = one;
    other_ttl.ttl = dns::Ttl{1};
    const dns::Record other_case = named("a.example.", dns::RrType::ns, "NS.example.");
    const dns::Record owner_case = named("A.example.", dns::RrType::ns, "ns.example.");
    for (const dns::Record& each : {other_ttl, other_case, owner_case}) {
        CHECK(compare_canonical(one.view(), each.view()) == 0);
    }
    CHECK_FALSE(same_content(one.view(), other_ttl.view()));
    CHECK_FALSE(same_content(one.view(), other_case.view()));
    CHECK(same_content(one.view(), owner_case.view()));
    // Octets of TXT are no names.
    CHECK(compare_canonical(txt("a.", "x").view(), txt("a.", "X").view()) > 0);
}

TEST_CASE("sorting orders, and keeps of the same records the last", "[zone][record_list]") {
    RecordList list;
    list.append(a("b.example.", 1, 10).view());
    list.append(a("a.example.", 1, 20).view());
    list.append(a("B.example.", 1, 30).view());
    list.append(a("b.example.", 1, 40).view());
    CHECK(list.sort_unique() == 2);
    REQUIRE(list.size() == 2);
    CHECK(list[0].ttl.value() == 20);
    CHECK(list[1].ttl.value() == 40);
    CHECK(list.sort_unique() == 0);
}

TEST_CASE("records are read back from the octets of a list", "[zone][record_list]") {
    RecordList list;
    list.append(a("b.example.", 1, 10).view());
    list.append(txt("a.example.", "some text").view());
    list.append(a(".", 1, 30).view());
    CHECK(list.sort_unique() == 0);
    ByteView octets = list.octets();
    std::vector<std::string> owners;
    while (const std::optional<FlatRecord> read = FlatRecord::read(octets)) {
        owners.push_back(read->record.owner.to_text());
        for (std::size_t cut = 0; cut < read->bytes; ++cut) {
            CHECK_FALSE(FlatRecord::read(octets.first(cut)));
        }
        octets = octets.subspan(read->bytes);
    }
    CHECK(octets.empty());
    // As appended, not as sorted.
    CHECK(owners == std::vector<std::string>{"b.example.", "a.example.", "."});
    const std::optional<FlatRecord> first = FlatRecord::read(list.octets_of(0));
    REQUIRE(first);
    CHECK(same_content(first->record, list[0]));
    CHECK(first->bytes == list.octets_of(0).size());
}

TEST_CASE("sorting agrees with comparing each to each", "[zone][record_list]") {
    for (std::uint64_t seed = 1; seed < 30; ++seed) {
        Generator generator{seed};
        RecordList list;
        const std::uint32_t count = generator.number(600);
        for (std::uint32_t i = 0; i < count; ++i) {
            list.append(generator.record().view());
        }
        const std::size_t dropped = list.sort_unique();
        CHECK(list.size() + dropped == count);
        for (std::size_t i = 1; i < list.size(); ++i) {
            REQUIRE(compare_canonical(list[i - 1], list[i]) < 0);
        }
    }
}

TEST_CASE("a list gives back what was appended, to the octet", "[zone][record_list]") {
    Generator generator{5};
    std::vector<dns::Record> records;
    RecordList list;
    for (int i = 0; i < 500; ++i) {
        records.push_back(generator.record());
        list.append(records.back().view());
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
        CHECK(same_bytes(list[i].owner, records[i].owner));
        CHECK(same_content(list[i], records[i].view()));
    }
    CHECK(list.memory_bytes() > records.size() * 8);
    list.clear();
    CHECK(list.empty());
}

}  // namespace twinzone::zone::test
