#include "common/dns/padding.h"

#include "common/dns/message.h"
#include "tests/support/catch.h"
#include "tests/support/records.h"

namespace twinzone::dns {

namespace {

Message query() {
    Message out;
    out.header.id = 7;
    out.question = Question{test::name("example.test."), RrType::soa, RrClass::in};
    out.edns.emplace();
    out.edns->ask_expire();
    return out;
}

}  // namespace

TEST_CASE("a padded message with its signature fills whole blocks and reads as before", "[dns]") {
    for (const std::size_t more : {0U, 1U, 60U, 83U, 127U, 128U, 500U}) {
        const Message plain = query();
        Bytes wire = plain.to_wire();
        pad_message(wire, plain.edns->record().view().wire_bytes(), kQueryBlockBytes, more);
        CHECK((wire.size() + more) % kQueryBlockBytes == 0);
        const Result<Message> read = Message::parse(wire);
        REQUIRE(read);
        CHECK(read->question->name == plain.question->name);
        CHECK(read->edns->has_expire());
        REQUIRE(read->edns->find(EdnsOption::padding) != nullptr);
        for (const std::uint8_t octet : read->edns->find(EdnsOption::padding)->value) {
            CHECK(octet == 0);
        }
    }
}

TEST_CASE("padding never makes a message too large", "[dns]") {
    Message large = query();
    for (int i = 0; i < 250; ++i) {
        Record text = test::record("example.test.", RrType::txt, Bytes(256, 'x'));
        text.rdata[0] = 255;
        large.answer.push_back(text);
    }
    Bytes wire = large.to_wire();
    REQUIRE(wire.size() < kMaxMessageBytes);
    const std::size_t before = wire.size();
    pad_message(wire, large.edns->record().view().wire_bytes(), kAnswerBlockBytes,
                kMaxMessageBytes - before);
    CHECK(wire.size() == before);
}

TEST_CASE("an OPT record of padding completes the message before it", "[dns]") {
    Bytes opt;
    const Record bare = Edns{}.record();
    ByteWriter writer{opt};
    writer.bytes(bare.owner.view().wire());
    writer.u16(value(bare.type));
    writer.u16(value(bare.rr_class));
    writer.u32(bare.ttl.value());
    writer.u16(0);
    pad_record(opt, 1000, kAnswerBlockBytes, 70);
    CHECK((1000 + opt.size() + 70) % kAnswerBlockBytes == 0);
}

}  // namespace twinzone::dns
