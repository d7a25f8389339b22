#include "common/transfer/transfer_assembler.h"

#include "tests/support/catch.h"
#include "tests/unit/transfer/answers.h"

namespace twinzone::transfer {

namespace {

using test::a;
using test::ns;
using test::soa;
using test::soa_record;
using test::texts_of;
using Records = std::vector<dns::Record>;

// RFC 1995 §7: the zone of its example.
dns::SoaRecord jain_soa(std::uint32_t serial) {
    dns::SoaRecord made;
    made.owner = test::name("JAIN.AD.JP.");
    made.mname = test::name("NS.JAIN.AD.JP.");
    made.rname = test::name("mohta.jain.ad.jp.");
    made.serial = dns::Serial{serial};
    made.refresh = seconds{600};
    made.retry = seconds{600};
    made.expire = seconds{3600000};
    made.minimum = 604800;
    return made;
}
dns::Record jain(std::uint32_t serial) {
    return jain_soa(serial).record();
}
dns::Record nezu() {
    return test::record("NEZU.JAIN.AD.JP.", dns::RrType::a, {133, 69, 136, 5});
}
dns::Record jain_bb(Bytes address) {
    return test::record("JAIN-BB.JAIN.AD.JP.", dns::RrType::a, std::move(address));
}

// The example's secondary has serial 1.
struct JainSecondary {
    JainSecondary(Transport transport = Transport::tcp)
        : asked{.id = 9, .zone = test::name("JAIN.AD.JP."), .ours = jain_soa(1)},
          assembler(asked, transport, {}, sink) {}

    Result<TransferProgress> take(Records records) {
        return assembler.handle_message(test::answer(asked, std::move(records)).to_wire());
    }

    TransferQuery asked;
    test::ListSink sink;
    TransferAssembler assembler;
};

}  // namespace

TEST_CASE("RFC 1995 §7: the incremental answer gives two differences", "[transfer]") {
    JainSecondary z;
    // Z <- A: all in one message
    const auto progress = z.take({jain(3), jain(1), nezu(), jain(2), jain_bb({133, 69, 136, 4}),
                                  jain_bb({192, 41, 197, 2}), jain(2), jain_bb({133, 69, 136, 4}),
                                  jain(3), jain_bb({133, 69, 136, 3}), jain(3)});
    REQUIRE(progress);
    REQUIRE(*progress == TransferProgress::done);
    CHECK_FALSE(z.assembler.full());
    const std::vector<zone::Diff> diffs = z.assembler.take_diffs();
    REQUIRE(diffs.size() == 2);
    CHECK(diffs[0].from.serial == dns::Serial{1});
    CHECK(diffs[0].to.serial == dns::Serial{2});
    CHECK(texts_of(diffs[0].removed) == texts_of(test::list_of({nezu()})));
    CHECK(diffs[0].added.size() == 2);
    CHECK(diffs[1].from.serial == dns::Serial{2});
    CHECK(diffs[1].to.serial == dns::Serial{3});
    CHECK(texts_of(diffs[1].removed) == texts_of(test::list_of({jain_bb({133, 69, 136, 4})})));
    CHECK(texts_of(diffs[1].added) == texts_of(test::list_of({jain_bb({133, 69, 136, 3})})));
}

TEST_CASE("RFC 1995 §7: the condensed answer gives one difference", "[transfer]") {
    JainSecondary z;
    const auto progress = z.take({jain(3), jain(1), nezu(), jain(3), jain_bb({133, 69, 136, 3}),
                                  jain_bb({192, 41, 197, 2}), jain(3)});
    REQUIRE(progress);
    REQUIRE(*progress == TransferProgress::done);
    const std::vector<zone::Diff> diffs = z.assembler.take_diffs();
    REQUIRE(diffs.size() == 1);
    CHECK(same_rdata(diffs[0].from, jain_soa(1)));
    CHECK(same_rdata(diffs[0].to, jain_soa(3)));
    CHECK(diffs[0].removed.size() == 1);
    CHECK(diffs[0].added.size() == 2);
}

TEST_CASE("RFC 1995 §7: the full answer and the UDP overflow are understood", "[transfer]") {
    JainSecondary full;
    const auto progress =
        full.take({jain(3), jain_bb({133, 69, 136, 3}), jain_bb({192, 41, 197, 2}), jain(3)});
    REQUIRE(progress);
    CHECK(*progress == TransferProgress::done);
    CHECK(full.assembler.full());
    CHECK(full.sink.list.size() == 2);

    JainSecondary udp{Transport::udp};
    const auto overflow = udp.take({jain(3)});
    REQUIRE(overflow);
    CHECK(*overflow == TransferProgress::newer_exists);
}

TEST_CASE("every packing of an answer gives the same version", "[transfer][R45]") {
    struct Row {
        const char* name;
        std::optional<dns::SoaRecord> ours;
        Records records;
        bool full;
    };
    const Row rows[] = {
        {"AXFR", {}, {soa(3), ns(), a("a"), a("b"), a("c"), soa(3)}, true},
        {"IXFR in full", soa_record(1), {soa(3), ns(), a("a"), a("b"), a("c"), soa(3)}, true},
        {"IXFR",
         soa_record(1),
         {soa(3), soa(1), a("a"), soa(2), a("b"), soa(2), soa(3), a("c"), soa(3)},
         false},
    };
    for (const Row& row : rows) {
        const unsigned cuts = static_cast<unsigned>(row.records.size()) - 1;
        for (unsigned packing = 0; packing < (1U << cuts); ++packing) {
            test::Secondary z{row.ours};
            Records batch;
            TransferProgress progress = TransferProgress::more;
            for (std::size_t i = 0; i < row.records.size(); ++i) {
                batch.push_back(row.records[i]);
                if (i == cuts || (packing & (1U << i)) != 0) {
                    REQUIRE((progress == TransferProgress::more ||
                             progress == TransferProgress::newer_exists));
                    dns::Message message = test::answer(z.asked, batch);
                    if (i + 1 != batch.size()) {
                        message.question.reset();  // only in the first
                    }
                    const auto taken = z.take(message);
                    REQUIRE(taken);
                    progress = *taken;
                    batch.clear();
                }
            }
            REQUIRE(progress == TransferProgress::done);
            REQUIRE(z.assembler.full() == row.full);
            if (row.full) {
                CHECK(z.sink.list.size() == 4);
            } else {
                const std::vector<zone::Diff> diffs = z.assembler.take_diffs();
                REQUIRE(diffs.size() == 2);
                CHECK(diffs[0].removed.size() == 1);
                CHECK(diffs[0].added.size() == 1);
                CHECK(diffs[1].removed.empty());
                CHECK(diffs[1].added.size() == 1);
            }
        }
    }
}

TEST_CASE("a message that does not answer the query ends the transfer", "[transfer][R38]") {
    struct Row {
        const char* name;
        void (*spoil)(dns::Message&);
        Errc expected;
    };
    const Row rows[] = {
        {"another ID", [](dns::Message& m) { ++m.header.id; }, Errc::message_unexpected},
        {"a query", [](dns::Message& m) { m.header.qr = false; }, Errc::message_unexpected},
        {"another opcode", [](dns::Message& m) { m.header.opcode = dns::Opcode::notify; },
         Errc::message_unexpected},
        {"another name", [](dns::Message& m) { m.question->name = test::name("other.test."); },
         Errc::message_unexpected},
        {"another type", [](dns::Message& m) { m.question->type = dns::RrType::ixfr; },
         Errc::message_unexpected},
        {"another class", [](dns::Message& m) { m.question->rr_class = dns::RrClass::ch; },
         Errc::message_unexpected},
        {"truncated over TCP", [](dns::Message& m) { m.header.tc = true; },
         Errc::message_unexpected},
        {"no records", [](dns::Message& m) { m.answer.clear(); }, Errc::transfer_malformed},
    };
    for (const Row& row : rows) {
        for (const bool second : {false, true}) {
            DYNAMIC_SECTION(row.name << (second ? ", second message" : ", first message")) {
                test::Secondary z{std::nullopt};
                if (second) {
                    REQUIRE(z.take(test::answer(z.asked, {soa(3), ns()})));
                }
                dns::Message spoilt = test::answer(z.asked, {second ? a("x") : soa(3)});
                row.spoil(spoilt);
                const auto progress = z.take(spoilt);
                REQUIRE_FALSE(progress);
                CHECK(progress.error().code() == row.expected);
            }
        }
    }
    test::Secondary z{std::nullopt};
    const Bytes four_octets = {0, 0, 0, 0};
    CHECK(z.assembler.handle_message(four_octets).error().code() == Errc::message_malformed);
}

TEST_CASE("the question's case does not matter", "[transfer]") {
    test::Secondary z{std::nullopt};
    dns::Message message = test::answer(z.asked, {soa(3), ns(), soa(3)});
    message.question->name = test::name("EXAMPLE.Test.");
    const auto progress = z.take(message);
    REQUIRE(progress);
    CHECK(*progress == TransferProgress::done);
}

TEST_CASE("an error code is an outcome with its code, also in mid-stream", "[transfer]") {
    for (const dns::Rcode rcode : {dns::Rcode::serv_fail, dns::Rcode::refused, dns::Rcode::not_imp,
                                   dns::Rcode::form_err, dns::Rcode::not_auth}) {
        for (const bool second : {false, true}) {
            test::Secondary z{soa_record(1)};
            if (second) {
                REQUIRE(z.take(test::answer(z.asked, {soa(3), soa(1)})));
            }
            dns::Message refusal = test::answer(z.asked, {});
            refusal.header.rcode = rcode;
            refusal.question.reset();
            const auto progress = z.take(refusal);
            REQUIRE(progress);
            CHECK(*progress == TransferProgress::refused);
            CHECK(z.assembler.rcode() == rcode);
        }
    }
}

TEST_CASE("over UDP a truncated answer leads to TCP and half an answer is none", "[transfer]") {
    test::Secondary truncated{soa_record(1), Transport::udp};
    dns::Message message = test::answer(truncated.asked, {});
    message.header.tc = true;
    CHECK(*truncated.take(message) == TransferProgress::truncated);

    test::Secondary half{soa_record(1), Transport::udp};
    CHECK(half.take(test::answer(half.asked, {soa(3), soa(1), a("x")})).error().code() ==
          Errc::transfer_malformed);

    test::Secondary current{soa_record(3), Transport::udp};
    CHECK(*current.take(test::answer(current.asked, {soa(3)})) == TransferProgress::up_to_date);
    test::Secondary ahead{soa_record(4), Transport::udp};
    CHECK(*ahead.take(test::answer(ahead.asked, {soa(3)})) == TransferProgress::behind);
}

TEST_CASE("a transfer that is cut is never done", "[transfer][R26]") {
    const Records records = {soa(3), soa(1), a("a"), soa(3), a("b"), soa(3)};
    for (std::size_t length = 1; length < records.size(); ++length) {
        test::Secondary z{soa_record(1)};
        const auto progress = z.take(
            test::answer(z.asked, {records.begin(), records.begin() + std::ptrdiff_t(length)}));
        REQUIRE(progress);
        CHECK(*progress != TransferProgress::done);
    }
}

TEST_CASE("differences keep to their memory limit", "[transfer][R1]") {
    TransferLimits limits;
    limits.max_diff_bytes = sizeof(zone::Diff) + 200;
    test::Secondary z{soa_record(1), Transport::tcp, limits};
    Records records = {soa(3), soa(1)};
    for (int i = 0; i < 50; ++i) {
        records.push_back(a(std::string{"h"}.append(std::to_string(i))));
    }
    CHECK(z.take(test::answer(z.asked, records)).error().code() == Errc::limit);

    test::Secondary chain{soa_record(1), Transport::tcp, limits};
    CHECK(chain.take(test::answer(chain.asked, {soa(9), soa(1), soa(2), soa(2), soa(3), soa(3)}))
              .error()
              .code() == Errc::limit);
}

TEST_CASE("an answer tells EXPIRE, missing authority and records left out", "[transfer]") {
    test::Secondary z{std::nullopt};
    dns::Message message =
        test::answer(z.asked, {soa(3), test::record("elsewhere.", dns::RrType::a, {1, 2, 3, 4}),
                               ns(), a("x"), a("x"), soa(3)});
    message.header.aa = false;
    message.edns = dns::Edns{};
    message.edns->set_expire(seconds{1234});
    REQUIRE(*z.take(message) == TransferProgress::done);
    CHECK(z.assembler.expire() == seconds{1234});
    CHECK(z.assembler.counts().not_authoritative);
    CHECK(z.assembler.counts().left_out == 1);
    CHECK(z.assembler.counts().added == 3);
    CHECK(z.assembler.counts().messages == 1);
    CHECK(z.sink.list.size() == 3);
    CHECK(z.assembler.soa()->serial == dns::Serial{3});
}

TEST_CASE("a sink that fails ends the transfer with its reason", "[transfer]") {
    struct FullDisk : RecordSink {
        Result<void> add(const dns::RecordView&) override {
            return fail(Errc::disk_full, "no space left");
        }
    };
    FullDisk sink;
    const TransferQuery asked = test::query(std::nullopt);
    TransferAssembler assembler{asked, Transport::tcp, {}, sink};
    CHECK(assembler.handle_message(test::answer(asked, {soa(3), ns(), soa(3)}).to_wire())
              .error()
              .code() == Errc::disk_full);
}

}  // namespace twinzone::transfer
