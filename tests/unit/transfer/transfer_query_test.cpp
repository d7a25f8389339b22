#include "common/transfer/transfer_query.h"

#include "tests/support/catch.h"
#include "tests/support/records.h"

namespace twinzone::transfer {

namespace {

TransferQuery ixfr(std::uint32_t serial) {
    return {.id = 7, .zone = test::apex(), .ours = test::soa_record(serial)};
}

TransferQuery axfr() {
    return {.id = 7, .zone = test::apex(), .ours = std::nullopt};
}

}  // namespace

TEST_CASE("a transfer query is understood at the other end", "[transfer]") {
    for (const std::uint32_t serial : {0U, 1U, 0x80000000U, 0xffffffffU, 3U}) {
        const dns::Message sent = *dns::Message::parse(ixfr(serial).message().to_wire());
        CHECK(is_transfer_query(sent));
        for (const Transport transport : {Transport::tcp, Transport::udp}) {
            const Result<TransferRequest> got = TransferRequest::parse(sent, transport);
            REQUIRE(got);
            CHECK(got->id == 7);
            CHECK(got->question.name == test::apex());
            CHECK(got->question.type == dns::RrType::ixfr);
            CHECK(got->serial == dns::Serial{serial});
            CHECK_FALSE(got->edns);
            CHECK(got->udp_payload_bytes == 512);
        }
    }
    const dns::Message sent = *dns::Message::parse(axfr().message().to_wire());
    const Result<TransferRequest> got = TransferRequest::parse(sent, Transport::tcp);
    REQUIRE(got);
    CHECK(got->question.type == dns::RrType::axfr);
    CHECK_FALSE(got->serial);
}

TEST_CASE("EDNS of a transfer query is understood", "[transfer]") {
    dns::Message query = ixfr(1).message();
    query.edns = dns::Edns{};
    query.edns->udp_payload_bytes = 100;  // below 512 means 512
    query.edns->ask_expire();
    const Result<TransferRequest> got = TransferRequest::parse(query, Transport::udp);
    REQUIRE(got);
    CHECK(got->edns);
    CHECK(got->asks_expire);
    CHECK(got->udp_payload_bytes == 512);
}

TEST_CASE("a malformed transfer query is refused", "[transfer]") {
    struct Row {
        const char* name;
        void (*spoil)(dns::Message&);
        Transport transport;
    };
    const Row rows[] = {
        {"no question", [](dns::Message& m) { m.question.reset(); }, Transport::tcp},
        {"an answer", [](dns::Message& m) { m.header.qr = true; }, Transport::tcp},
        {"another opcode", [](dns::Message& m) { m.header.opcode = dns::Opcode::update; },
         Transport::tcp},
        {"another type", [](dns::Message& m) { m.question->type = dns::RrType::soa; },
         Transport::tcp},
        {"class CH", [](dns::Message& m) { m.question->rr_class = dns::RrClass::ch; },
         Transport::tcp},
        {"IXFR without SOA", [](dns::Message& m) { m.authority.clear(); }, Transport::tcp},
        {"IXFR with two", [](dns::Message& m) { m.authority.push_back(m.authority[0]); },
         Transport::tcp},
        {"IXFR with NS", [](dns::Message& m) { m.authority[0] = test::ns(); }, Transport::tcp},
        {"SOA of another zone",
         [](dns::Message& m) { m.authority[0].owner = test::name("other.test."); }, Transport::tcp},
        {"SOA cut short", [](dns::Message& m) { m.authority[0].rdata.resize(5); }, Transport::tcp},
        {"AXFR over UDP", [](dns::Message& m) { m.question->type = dns::RrType::axfr; },
         Transport::udp},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.name) {
            dns::Message query = ixfr(1).message();
            row.spoil(query);
            const Result<TransferRequest> got = TransferRequest::parse(query, row.transport);
            REQUIRE_FALSE(got);
            CHECK(got.error().code() == Errc::message_malformed);
        }
    }
}

}  // namespace twinzone::transfer
