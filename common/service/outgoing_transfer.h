// One zone transfer on its way out: messages ready for TCP, one after the other, signed where the
// request was. Reads a snapshot only, so that newer versions come and go meanwhile. RFC 5936 §2.2,
// RFC 1995 §4, RFC 8945 §5.3.1.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/dns/serial.h"
#include "common/dns/tsig.h"
#include "common/service/request.h"
#include "common/transfer/transfer_writer.h"
#include "common/zone/version_store.h"

namespace twinzone::service {

// A message with its two octets of length (RFC 1035 §4.2.2) in three runs. `body` is borrowed from
// the store's map and valid as long as the transfer lives.
struct WireMessage {
    Bytes head;
    ByteView body;
    Bytes tail;

    [[nodiscard]] std::array<ByteView, 3> parts() const noexcept { return {head, body, tail}; }
    [[nodiscard]] std::size_t size() const noexcept {
        return head.size() + body.size() + tail.size();
    }

    // The message alone, without its length, copied: for UDP.
    [[nodiscard]] Bytes message() const;
};

// Handed out so far.
struct Sent {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
};

// next() and sent() are for one thread at a time; the other functions may be called meanwhile from
// another, for what they return never changes. Heap-allocated once and not moved: the writer
// borrows the snapshot.
class OutgoingTransfer {
  public:
    // `from`: the client's serial, of an IXFR; `serial`: the version that is sent.
    OutgoingTransfer(Request request, std::optional<dns::Serial> from, dns::Serial serial,
                     transfer::TransferWriter writer)
        : request_(std::move(request)), from_(from), serial_(serial), writer_(std::move(writer)) {}

    // nullopt after the last message. After an error the connection is to be cut: what was sent is
    // no zone.
    [[nodiscard]] Result<std::optional<WireMessage>> next(UnixTime now);

    [[nodiscard]] const dns::Name& zone() const noexcept { return request_.question().name; }
    [[nodiscard]] std::optional<dns::Serial> from() const noexcept { return from_; }
    [[nodiscard]] dns::Serial serial() const noexcept { return serial_; }
    [[nodiscard]] const Request& request() const noexcept { return request_; }
    [[nodiscard]] const transfer::TransferWriter& writer() const noexcept { return writer_; }
    [[nodiscard]] const Sent& sent() const noexcept { return sent_; }

  private:
    Request request_;
    std::optional<dns::Serial> from_;
    dns::Serial serial_;
    transfer::TransferWriter writer_;
    Sent sent_;
};

}  // namespace twinzone::service
