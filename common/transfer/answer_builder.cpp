#include "common/transfer/answer_builder.h"

#include <utility>

namespace twinzone::transfer {

dns::Header answer_header(const TransferRequest& request) noexcept {
    dns::Header header;
    header.id = request.id;
    header.qr = true;
    header.aa = true;
    header.rd = request.recursion_desired;
    return header;
}

AnswerBuilder::AnswerBuilder(const TransferRequest& request)
    : request_(request), message_(dns::kHeaderBytes) {
    // The first name of a message has nothing to point to: the client's octets, its case included.
    compressor_.append_name(request.question.name, message_);
    ByteWriter writer{message_};
    writer.u16(value(request.question.type));
    writer.u16(value(request.question.rr_class));
}

void AnswerBuilder::add(const dns::RecordView& record) {
    compressor_.append_record(record, message_);
    ++records_;
}

Bytes AnswerBuilder::finish(const std::optional<dns::Edns>& edns) {
    dns::Header header = answer_header(request_);
    header.qdcount = 1;
    header.ancount = records_;
    if (edns) {
        header.arcount = 1;
        append_plain(edns->record().view(), message_);
    }
    write_header(header, message_.data());
    return std::move(message_);
}

void append_plain(const dns::RecordView& record, Bytes& out) {
    ByteWriter writer{out};
    writer.bytes(record.owner.wire());
    writer.u16(value(record.type));
    writer.u16(value(record.rr_class));
    writer.u32(record.ttl.value());
    writer.u16(static_cast<std::uint16_t>(record.rdata.size()));
    writer.bytes(record.rdata);
}

}  // namespace twinzone::transfer
