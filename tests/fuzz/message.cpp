// Any octets as a DNS message: record by record, and whole. What was read whole is written, and
// what was written is read and written again to the same octets.
#include "common/dns/message.h"

#include "tests/fuzz/harness.h"

namespace {

using namespace twinzone;

void read_records(ByteView bytes) {
    Result<dns::MessageReader> reader = dns::MessageReader::open(bytes);
    if (!reader || !reader->question()) {
        return;
    }
    for (;;) {
        const Result<std::optional<dns::SectionRecord>> next = reader->next();
        if (!next || !next->has_value()) {
            return;
        }
        TWINZONE_ASSERT((*next)->offset < bytes.size());
        TWINZONE_ASSERT((*next)->record.owner.wire().size() <= 255);
        TWINZONE_ASSERT((*next)->record.rdata.size() <= 65535);
    }
}

void write_back(ByteView bytes) {
    const Result<dns::Message> message = dns::Message::parse(bytes);
    if (!message) {
        return;
    }
    const Bytes written = message->to_wire();
    const Result<dns::Message> again = dns::Message::parse(written);
    TWINZONE_ASSERT(again.has_value());
    TWINZONE_ASSERT(again->header.tc || again->answer.size() == message->answer.size());
    TWINZONE_ASSERT(again->to_wire() == written);
    TWINZONE_ASSERT(message->to_wire(dns::kPlainUdpBytes).size() <= dns::kPlainUdpBytes);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    read_records({bytes, size});
    write_back({bytes, size});
    return 0;
}
