#include "common/transfer/transfer_writer.h"

#include "common/dns/padding.h"
#include "common/zone/page.h"
#include "tests/support/catch.h"
#include "tests/support/memory_snapshot.h"
#include "tests/unit/transfer/answers.h"

namespace twinzone::transfer {

namespace {

using test::a;
using test::MemorySnapshot;
using test::ns;
using test::soa_record;
using Records = std::vector<dns::Record>;

std::shared_ptr<const MemorySnapshot> snapshot(std::uint32_t serial, const Records& records,
                                               const std::vector<zone::Diff>& history = {}) {
    return std::make_shared<const MemorySnapshot>(soa_record(serial), test::list_of(records),
                                                  history);
}

// `count` records with names that hardly compress.
Records many(std::string_view prefix, int count) {
    Records records;
    for (int i = 0; i < count; ++i) {
        records.push_back(a(std::string{prefix}.append(std::to_string(i * 7919))));
    }
    return records;
}

Records with_apex(Records records) {
    records.push_back(ns());
    return records;
}

Bytes joined(const OutMessage& message) {
    Bytes all = message.head;
    all.insert(all.end(), message.body.begin(), message.body.end());
    all.insert(all.end(), message.tail.begin(), message.tail.end());
    return all;
}

TransferRequest request(const TransferQuery& query, Transport transport = Transport::tcp) {
    return *TransferRequest::parse(query.message(), transport);
}

// A primary ("A") answers the query of a secondary ("Z"), message by message, to the end.
struct Exchange {
    Exchange(std::shared_ptr<const zone::Snapshot> held, std::optional<dns::SoaRecord> ours,
             const AnswerOptions& options = {})
        : z(std::move(ours), options.transport) {
        Result<TransferWriter> opened =
            TransferWriter::open(std::move(held), request(z.asked, options.transport), options);
        REQUIRE(opened);
        TransferWriter writer = *std::move(opened);
        plan = writer.plan();
        reason = writer.reason();
        for (;;) {
            const Result<std::optional<OutMessage>> next = writer.next();
            REQUIRE(next);
            if (!next->has_value()) {
                break;
            }
            messages.push_back(joined(**next));
            REQUIRE(messages.back().size() <= options.max_message_bytes - options.reserve_bytes);
            const Result<TransferProgress> taken = z.assembler.handle_message(messages.back());
            INFO((taken ? "" : taken.error().detail()));
            REQUIRE(taken);
            progress = *taken;
        }
        CHECK(writer.messages() == messages.size());
        CHECK_FALSE(writer.next()->has_value());
    }

    test::Secondary z;
    TransferPlan plan{};
    PlanReason reason{};
    TransferProgress progress = TransferProgress::more;
    std::vector<Bytes> messages;
};

}  // namespace

TEST_CASE("transfer writer decides how a query is answered", "[transfer]") {
    const Records few = with_apex({a("x"), a("y")});
    const std::vector<zone::Diff> steps = {test::diff(5, 6, {a("w")}, {a("x")}),
                                           test::diff(6, 7, {}, {a("y")})};
    const std::vector<zone::Diff> lowered = {test::diff(5, 9, {}, {a("x")}),
                                             test::diff(9, 7, {}, {a("y")})};
    const std::vector<zone::Diff> large = {test::diff(6, 7, many("gone", 1000), {a("y")})};
    const auto plain = snapshot(7, few, steps);
    // A hundred versions that replace the same records.
    std::vector<zone::Diff> same;
    for (std::uint32_t serial = 1; serial < 101; ++serial) {
        const bool odd = serial % 2 != 0;
        same.push_back(test::diff(serial, serial + 1, many(odd ? "odd" : "even", 20),
                                  many(odd ? "even" : "odd", 20)));
    }
    const auto flapping = snapshot(101, with_apex(many("odd", 20)), same);
    struct Row {
        const char* name;
        std::shared_ptr<const MemorySnapshot> held;
        std::optional<std::uint32_t> client;
        Transport transport;
        TransferPlan plan;
        PlanReason reason;
    };
    constexpr Transport tcp = Transport::tcp;
    constexpr Transport udp = Transport::udp;
    const Row rows[] = {
        {"AXFR", plain, {}, tcp, TransferPlan::full, PlanReason::asked},
        {"current", plain, 7, tcp, TransferPlan::single_soa, PlanReason::client_current},
        {"ahead", plain, 8, tcp, TransferPlan::single_soa, PlanReason::client_ahead},
        {"far ahead", plain, 0x80000006U, tcp, TransferPlan::single_soa, PlanReason::client_ahead},
        {"incomparable", plain, 0x80000007U, tcp, TransferPlan::full, PlanReason::no_history},
        {"two steps", plain, 5, tcp, TransferPlan::incremental, PlanReason::asked},
        {"one step", plain, 6, tcp, TransferPlan::incremental, PlanReason::asked},
        {"unknown serial", plain, 4, tcp, TransferPlan::full, PlanReason::no_history},
        {"no journal", snapshot(7, few), 6, tcp, TransferPlan::full, PlanReason::no_history},
        {"a serial was lowered", snapshot(7, few, lowered), 5, tcp, TransferPlan::full,
         PlanReason::no_history},
        {"differences larger than the zone", snapshot(7, few, large), 6, tcp, TransferPlan::full,
         PlanReason::history_larger},
        {"one record after the other and back", flapping, 1, tcp, TransferPlan::incremental,
         PlanReason::condensed},
        {"two of its steps", flapping, 99, tcp, TransferPlan::incremental, PlanReason::asked},
        {"UDP, many steps that come to little", flapping, 1, udp, TransferPlan::incremental,
         PlanReason::condensed},
        {"UDP, fits", plain, 6, udp, TransferPlan::incremental, PlanReason::asked},
        {"UDP, current", plain, 7, udp, TransferPlan::single_soa, PlanReason::client_current},
        {"UDP, too large", snapshot(7, few, {test::diff(6, 7, {}, many("n", 40))}), 6, udp,
         TransferPlan::single_soa, PlanReason::too_large_for_udp},
        {"UDP, no journal", snapshot(7, few), 6, udp, TransferPlan::single_soa,
         PlanReason::too_large_for_udp},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            AnswerOptions options;
            options.transport = row.transport;
            if (row.transport == udp) {
                options.max_message_bytes = 512;
            }
            const Exchange done{row.held,
                                row.client ? std::optional{soa_record(*row.client)} : std::nullopt,
                                options};
            CHECK(done.plan == row.plan);
            CHECK(done.reason == row.reason);
            CHECK(done.messages.size() == 1);
        }
    }
}

TEST_CASE("a chain is kept where condensing it would save little", "[transfer]") {
    std::vector<zone::Diff> each;
    for (std::uint32_t serial = 1; serial < 101; ++serial) {
        const std::string prefix = std::string{"s"}.append(std::to_string(serial)).append("x");
        each.push_back(test::diff(serial, serial + 1, {}, many(prefix, 20)));
    }
    Exchange done{snapshot(101, with_apex(many("n", 5000)), each), soa_record(1)};
    CHECK(done.plan == TransferPlan::incremental);
    CHECK(done.reason == PlanReason::asked);
    REQUIRE(done.progress == TransferProgress::done);
    CHECK(done.z.assembler.take_diffs().size() == each.size());
}

TEST_CASE("serials wrap in incremental answers", "[transfer]") {
    const std::vector<zone::Diff> steps = {test::diff(0x80000000U, 0xffffffffU, {}, {a("a")}),
                                           test::diff(0xffffffffU, 0, {}, {a("b")}),
                                           test::diff(0, 1, {}, {a("c")}),
                                           test::diff(1, 3, {}, {a("d")})};
    const auto held = snapshot(3, with_apex({a("a"), a("b"), a("c"), a("d")}), steps);
    const std::pair<std::uint32_t, std::size_t> rows[] = {{0xffffffffU, 3}, {0, 2}, {1, 1}};
    for (const auto& [serial, diffs] : rows) {
        Exchange done{held, soa_record(serial)};
        REQUIRE(done.progress == TransferProgress::done);
        CHECK(done.z.assembler.take_diffs().size() == diffs);
    }
    // 2^31 is newer than 3 on the circle by more than half of it: the client is ahead.
    CHECK(Exchange{held, soa_record(0x80000000U)}.plan == TransferPlan::single_soa);
    CHECK(Exchange{held, soa_record(0x80000004U)}.plan == TransferPlan::full);
}

TEST_CASE("Z has A's zone after a full transfer, whatever its size", "[transfer]") {
    struct Row {
        const char* name;
        Records records;
        std::size_t messages;
    };
    Bytes large_text(40'000, 'x');
    const dns::Record large =
        test::record("zz.example.test.", dns::RrType{65280}, std::move(large_text));
    const std::size_t room =
        zone::kMaxRecordWireBytes - test::name("zz.example.test.").view().size() - 10;
    const dns::Record largest =
        test::record("zz.example.test.", dns::RrType{65280}, Bytes(room, 'y'));
    const Row rows[] = {
        {"nothing but SOA", {}, 1},
        {"small", with_apex({a("x")}), 1},
        {"one page", with_apex(many("h", 500)), 1},
        {"several pages", with_apex(many("h", 5000)), 0},
        {"large record last", with_apex({a("x"), large}), 3},
        {"largest record last", with_apex({a("x"), largest}), 0},
    };
    for (const Row& row : rows) {
        for (const std::size_t reserve : {std::size_t{0}, zone::kTsigRoomBytes}) {
            DYNAMIC_SECTION(row.name << ", reserve " << reserve) {
                AnswerOptions options;
                options.reserve_bytes = reserve;
                const auto held = snapshot(7, row.records);
                Exchange done{held, std::nullopt, options};
                CHECK(done.progress == TransferProgress::done);
                CHECK(done.z.assembler.full());
                done.z.sink.list.sort_unique();
                CHECK(test::texts_of(done.z.sink.list) == test::texts_of(held->records()));
                if (row.messages != 0) {
                    CHECK(done.messages.size() == row.messages);
                }
                // RFC 5936 §2.2.2: the question stands in the first message.
                for (std::size_t i = 0; i < done.messages.size(); ++i) {
                    const dns::Header header = dns::read_header(done.messages[i].data());
                    CHECK(header.qdcount == (i == 0 ? 1 : 0));
                    CHECK(header.id == test::kId);
                    CHECK(header.aa);
                    CHECK(header.qr);
                    CHECK(header.arcount == 0);
                }
            }
        }
    }
}

TEST_CASE("Z has A's differences after an incremental transfer, small and large", "[transfer]") {
    for (const int count : {1, 3000}) {
        const std::vector<zone::Diff> steps = {test::diff(5, 6, many("old", count), {a("x")}),
                                               test::diff(6, 7, {a("x")}, many("new", count))};
        Records now = many("new", count);
        const Records others = many("other", 4 * count);
        now.insert(now.end(), others.begin(), others.end());
        const auto held = snapshot(7, with_apex(now), steps);
        Exchange done{held, soa_record(5)};
        CHECK(done.plan == TransferPlan::incremental);
        CHECK((done.messages.size() == 1) == (count == 1));
        REQUIRE(done.progress == TransferProgress::done);
        const std::vector<zone::Diff> diffs = done.z.assembler.take_diffs();
        REQUIRE(diffs.size() == steps.size());
        for (std::size_t i = 0; i < steps.size(); ++i) {
            CHECK(same_rdata(diffs[i].from, steps[i].from));
            CHECK(same_rdata(diffs[i].to, steps[i].to));
            CHECK(test::texts_of(diffs[i].removed) == test::texts_of(steps[i].removed));
            CHECK(test::texts_of(diffs[i].added) == test::texts_of(steps[i].added));
        }
    }
}

TEST_CASE("of a padded answer the first and the last message fill whole blocks", "[transfer]") {
    for (const int count : {1, 5000}) {
        for (const std::size_t reserve : {std::size_t{0}, std::size_t{83}}) {
            AnswerOptions options;
            options.edns.emplace();
            options.pads = true;
            options.reserve_bytes = reserve;
            const Exchange done{snapshot(7, with_apex(many("h", count))), std::nullopt, options};
            CHECK(done.progress == TransferProgress::done);
            CHECK((done.messages.front().size() + reserve) % dns::kAnswerBlockBytes == 0);
            CHECK((done.messages.back().size() + reserve) % dns::kAnswerBlockBytes == 0);
        }
    }
}

TEST_CASE("the bodies of a large answer are the pages themselves", "[transfer]") {
    const auto held = snapshot(7, with_apex(many("h", 5000)));
    TransferWriter writer =
        *TransferWriter::open(held, request(test::query(std::nullopt)), AnswerOptions{});
    REQUIRE((*writer.next())->body.empty());
    const std::unique_ptr<zone::PageCursor> pages = held->pages();
    for (;;) {
        const Result<std::optional<ByteView>> page = pages->next();
        if (!page->has_value()) {
            break;
        }
        const Result<std::optional<OutMessage>> message = writer.next();
        CHECK((*message)->body.data() == (*page)->data() + dns::kHeaderBytes);
        CHECK((*message)->head.size() == dns::kHeaderBytes);
    }
    CHECK_FALSE(writer.next()->has_value());
}

TEST_CASE("an answer repeats the question as asked and OPT where it was asked", "[transfer]") {
    for (const int count : {2, 5000}) {
        TransferQuery query = test::query(std::nullopt);
        query.zone = test::name("eXaMpLe.TeSt.");
        AnswerOptions options;
        options.edns = dns::Edns{};
        options.edns->set_expire(seconds{99});
        TransferWriter writer = *TransferWriter::open(snapshot(7, with_apex(many("h", count))),
                                                      request(query), options);
        const Result<std::optional<OutMessage>> first = writer.next();
        const Bytes octets = joined(**first);
        dns::MessageReader reader = *dns::MessageReader::open(octets);
        const std::optional<dns::Question> question = *reader.question();
        REQUIRE(question);
        CHECK(same_bytes(question->name, query.zone));
        CHECK(reader.header().arcount == 1);
        std::optional<dns::Edns> edns;
        for (;;) {
            const Result<std::optional<dns::SectionRecord>> record = reader.next();
            REQUIRE(record);
            if (!record->has_value()) {
                break;
            }
            if ((*record)->section == dns::Section::additional) {
                edns = *dns::Edns::parse((*record)->record);
            }
        }
        REQUIRE(edns);
        CHECK(edns->expire() == seconds{99});
        for (;;) {
            const Result<std::optional<OutMessage>> next = writer.next();
            if (!next->has_value()) {
                break;
            }
            CHECK(dns::read_header((*next)->head.data()).arcount == 0);
        }
    }
}

TEST_CASE("a UDP answer keeps free what TSIG and OPT need", "[transfer]") {
    const auto held = snapshot(7, with_apex({a("x")}), {test::diff(6, 7, {}, many("n", 8))});
    AnswerOptions options;
    options.transport = Transport::udp;
    options.max_message_bytes = 512;
    const Exchange fits{held, soa_record(6), options};
    CHECK(fits.plan == TransferPlan::incremental);
    options.reserve_bytes = 300;
    CHECK(Exchange{held, soa_record(6), options}.plan == TransferPlan::single_soa);
}

TEST_CASE("a closing SOA that has no room behind the last page has its own message", "[transfer]") {
    const dns::Record large =
        test::record("zz.example.test.", dns::RrType{65280}, Bytes(40'000, 'x'));
    const std::size_t page = dns::kHeaderBytes + large.view().wire_bytes();
    const std::size_t closing = test::soa(7).view().wire_bytes();
    for (const std::size_t room : {std::size_t{0}, closing - 1, closing}) {
        AnswerOptions options;
        options.max_message_bytes = page + room;
        const Exchange done{snapshot(7, {large}), std::nullopt, options};
        CHECK(done.progress == TransferProgress::done);
        CHECK(done.messages.size() == (room < closing ? 3 : 2));
    }
}

TEST_CASE("a record that fits no message ends the answer with an error", "[transfer][R11]") {
    const auto held =
        snapshot(7, {test::record("zz.example.test.", dns::RrType{65280}, Bytes(60'000, 'x'))});
    AnswerOptions options;
    options.max_message_bytes = 50'000;
    TransferWriter writer =
        *TransferWriter::open(held, request(test::query(std::nullopt)), options);
    REQUIRE(writer.next());
    CHECK(writer.next().error().code() == Errc::limit);
}

}  // namespace twinzone::transfer
