#include "common/dns/message.h"

#include "common/dns/extended_error.h"
#include "common/dns/soa.h"
#include "tests/support/catch.h"
#include "tests/unit/dns/wire.h"

namespace twinzone::dns {

using test::concat;
using test::hex;
using test::name;
using test::record;
using test::wire;

namespace {

SoaRecord soa(std::uint32_t serial) {
    SoaRecord made;
    made.owner = name("example.test.");
    made.ttl = Ttl{3600};
    made.mname = name("ns1.example.test.");
    made.rname = name("admin.Example.test.");
    made.serial = Serial{serial};
    made.refresh = seconds{7200};
    made.retry = seconds{900};
    made.expire = seconds{1209600};
    made.minimum = 300;
    return made;
}

Message soa_answer() {
    Message message;
    message.header.id = 0x1234;
    message.header.qr = true;
    message.header.aa = true;
    message.question = Question{name("example.test."), RrType::soa, RrClass::in};
    message.answer.push_back(soa(7).record());
    message.edns.emplace();
    message.edns->dnssec_ok = true;
    message.edns->set_expire(seconds{1209600});
    return message;
}

const char* const kSoaAnswer =
    "1234 8400 0001 0001 0000 0001 "              // ID, QR AA, one question, answer, OPT
    "07 6578616d706c65 04 74657374 00 0006 0001"  // example.test. SOA IN
    "c00c 0006 0001 00000e10 002a "               // owner points to the question, TTL, RDLENGTH 42
    "03 6e7331 c00c "                             // ns1, pointer
    "05 61646d696e 07 4578616d706c65 c014 "       // admin.Example (other case), pointer to test.
    "00000007 00001c20 00000384 00127500 0000012c "
    "00 0029 04d0 00 00 8000 0008 "  // root OPT, 1232, rcode, version, DO, RDLENGTH
    "0009 0004 00127500";            // EXPIRE 1209600

}  // namespace

TEST_CASE("a SOA answer has its golden bytes", "[dns][message]") {
    Bytes expected = hex(kSoaAnswer);
    const Bytes written = soa_answer().to_wire();
    CHECK(written == expected);

    const Result<Message> read = Message::parse(expected);
    REQUIRE(read);
    CHECK(read->header.id == 0x1234);
    CHECK(read->header.qr);
    CHECK(read->header.aa);
    CHECK_FALSE(read->header.tc);
    CHECK(read->question->name == name("example.test."));
    CHECK(read->question->type == RrType::soa);
    REQUIRE(read->answer.size() == 1);
    CHECK(test::same(read->answer[0].view(), soa(7).record().view()));
    CHECK(SoaRecord::parse(read->answer[0].view())->serial == Serial{7});
    REQUIRE(read->edns);
    CHECK(read->edns->dnssec_ok);
    CHECK(read->edns->udp_payload_bytes == 1232);
    CHECK(read->edns->expire() == seconds{1209600});
    CHECK(read->additional.empty());
    CHECK(read->to_wire() == expected);
}

TEST_CASE("an IXFR query carries its SOA in the authority section", "[dns][message]") {
    Message query;
    query.header.id = 1;
    query.question = Question{name("example.test."), RrType::ixfr, RrClass::in};
    query.authority.push_back(soa(7).record());
    const Result<Message> read = Message::parse(query.to_wire());
    REQUIRE(read);
    CHECK(read->answer.empty());
    REQUIRE(read->authority.size() == 1);
    CHECK(SoaRecord::parse(read->authority[0].view())->serial == Serial{7});
}

TEST_CASE("a NOTIFY may carry the SOA or not", "[dns][message]") {
    Message notify;
    notify.header.opcode = Opcode::notify;
    notify.header.aa = true;
    notify.question = Question{name("example.test."), RrType::soa, RrClass::in};
    CHECK(notify.to_wire().size() == kHeaderBytes + 14 + 4);
    notify.answer.push_back(soa(8).record());
    const Result<Message> read = Message::parse(notify.to_wire());
    REQUIRE(read);
    CHECK(read->header.opcode == Opcode::notify);
    CHECK(read->answer.size() == 1);
}

TEST_CASE("records of class ANY or NONE may be without rdata", "[dns][message]") {
    Message update;
    update.header.opcode = Opcode::update;
    update.question = Question{name("example.test."), RrType::soa, RrClass::in};
    Record remove = record("a.example.test.", RrType::a, {}, 0);
    remove.rr_class = RrClass::any;
    update.authority.push_back(remove);
    CHECK(Message::parse(update.to_wire()));
    update.authority[0].rr_class = RrClass::in;
    CHECK_FALSE(Message::parse(update.to_wire()));
}

TEST_CASE("an answer that does not fit keeps question and OPT and says so", "[dns][message]") {
    const Message message = soa_answer();
    const std::size_t whole = message.to_wire().size();
    CHECK_FALSE(Message::parse(message.to_wire(whole))->header.tc);

    const Result<Message> cut = Message::parse(message.to_wire(whole - 1));
    REQUIRE(cut);
    CHECK(cut->header.tc);
    CHECK(cut->question);
    CHECK(cut->answer.empty());
    CHECK(cut->edns);
}

TEST_CASE("the rcode is that of header and EDNS together", "[dns][message]") {
    Message message = soa_answer();
    CHECK(message.rcode() == Rcode::no_error);
    message.header.rcode = Rcode::refused;
    CHECK(Message::parse(message.to_wire())->rcode() == Rcode::refused);
    message.header.rcode = Rcode::no_error;
    message.edns->extended_rcode = 1;
    CHECK(Message::parse(message.to_wire())->rcode() == Rcode::bad_vers);
    CHECK(to_text(Rcode::not_auth) == "NOTAUTH");
    CHECK(to_text(static_cast<Rcode>(4000)) == "RCODE4000");
}

TEST_CASE("header flags stand where they belong", "[dns][header]") {
    struct Row {
        const char* octets;
        bool Header::*flag;
    };
    const Row rows[] = {{"8000", &Header::qr}, {"0400", &Header::aa}, {"0200", &Header::tc},
                        {"0100", &Header::rd}, {"0080", &Header::ra}, {"0020", &Header::ad},
                        {"0010", &Header::cd}};
    for (const Row& row : rows) {
        const Bytes octets = concat({hex("abcd"), hex(row.octets), hex("0001 0002 0003 0004")});
        const Header header = read_header(octets.data());
        CHECK(header.*row.flag);
        CHECK(header.id == 0xabcd);
        CHECK(header.arcount == 4);
        Bytes written(kHeaderBytes);
        write_header(header, written.data());
        CHECK(written == octets);
    }
}

TEST_CASE("a wrong OPT makes a message malformed", "[dns][edns]") {
    struct Row {
        const char* why;
        const char* sections;  // counts behind QDCOUNT
        const char* records;
    };
    const char* const opt = "00 0029 04d0 00000000 0000";
    const Bytes twice = concat({hex(opt), hex(opt)});
    const Row rows[] = {
        {"in the answer section", "0001 0000 0000", "00 0029 04d0 00000000 0000"},
        {"not at the root", "0000 0000 0001", "01 61 00 0029 04d0 00000000 0000"},
        {"option past the rdata", "0000 0000 0001", "00 0029 04d0 00000000 0004 0009 0001"},
        {"half an option", "0000 0000 0001", "00 0029 04d0 00000000 0002 0009"},
        {"twice", "0000 0000 0002", "00 0029 04d0 00000000 0000 00 0029 04d0 00000000 0000"},
    };
    for (const Row& row : rows) {
        DYNAMIC_SECTION(row.why) {
            const Result<Message> read = Message::parse(
                concat({hex("0001 0000 0000"), hex(row.sections), hex(row.records)}));
            REQUIRE_FALSE(read);
            CHECK(read.error().code() == Errc::message_malformed);
        }
    }
    CHECK(Message::parse(concat({hex("0001 0000 0000 0000 0000 0001"), hex(opt)})));
}

TEST_CASE("EDNS options are found by code", "[dns][edns]") {
    Edns edns;
    CHECK_FALSE(edns.has_expire());
    edns.ask_expire();
    CHECK(edns.has_expire());
    CHECK_FALSE(edns.expire());
    CHECK(edns.record().rdata == hex("0009 0000"));

    Edns answer;
    answer.set_expire(seconds{-5});
    CHECK(answer.expire() == seconds{0});
    add_extended_error(answer, ExtendedErrorCode::not_authoritative, "Not Authoritative");
    const Result<Edns> read = Edns::parse(answer.record().view());
    REQUIRE(read);
    CHECK(read->expire() == seconds{0});
    REQUIRE(read->find(EdnsOption::extended_error) != nullptr);
    CHECK(read->find(EdnsOption::extended_error)->value ==
          concat({hex("0014"), Bytes{'N', 'o', 't', ' ', 'A', 'u', 't', 'h', 'o', 'r', 'i', 't',
                                     'a', 't', 'i', 'v', 'e'}}));
    CHECK(read->find(EdnsOption::cookie) == nullptr);
}

TEST_CASE("a message with too many records is refused", "[dns][message]") {
    Message message;
    for (std::size_t i = 0; i < kMaxMessageRecords; ++i) {
        message.answer.push_back(record("a.test.", RrType::txt, hex("00")));
    }
    CHECK(Message::parse(message.to_wire()));
    message.answer.push_back(record("a.test.", RrType::txt, hex("00")));
    CHECK_FALSE(Message::parse(message.to_wire()));
}

}  // namespace twinzone::dns
