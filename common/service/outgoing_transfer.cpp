#include "common/service/outgoing_transfer.h"

namespace twinzone::service {

namespace {

constexpr std::size_t kLengthBytes = 2;
constexpr std::size_t kArcountOffset = 10;

}  // namespace

Bytes WireMessage::message() const {
    Bytes out(head.begin() + kLengthBytes, head.end());
    out.insert(out.end(), body.begin(), body.end());
    out.insert(out.end(), tail.begin(), tail.end());
    return out;
}

Result<std::optional<WireMessage>> OutgoingTransfer::next(UnixTime now) {
    Result<std::optional<transfer::OutMessage>> next = writer_.next();
    if (!next) {
        return fail(std::move(next).error());
    }
    if (!*next) {
        return std::optional<WireMessage>{};
    }
    transfer::OutMessage& message = **next;
    const std::array<ByteView, 3> unsigned_parts = {message.head, message.body, message.tail};
    Result<Bytes> signature = request_.tsig().sign(unsigned_parts, now);
    if (!signature) {
        return fail(std::move(signature).error());
    }
    if (!signature->empty()) {
        std::uint8_t* arcount = message.head.data() + kArcountOffset;
        store_u16(arcount, static_cast<std::uint16_t>(load_u16(arcount) + 1));
        message.tail.insert(message.tail.end(), signature->begin(), signature->end());
    }
    ++sent_.messages;
    sent_.bytes += message.size();
    WireMessage out;
    out.head.reserve(message.head.size() + kLengthBytes);
    ByteWriter writer{out.head};
    writer.u16(static_cast<std::uint16_t>(message.size()));
    writer.bytes(message.head);
    out.body = message.body;
    out.tail = std::move(message.tail);
    return std::optional{std::move(out)};
}

}  // namespace twinzone::service
