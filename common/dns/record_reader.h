// Reads resource records back to back (RFC 1035 §4.1.3) out of a message or out of the part of it
// behind the header. Above read_name(), below MessageReader, which adds header and sections. The
// octets are hostile until read.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/name_reader.h"
#include "common/dns/record.h"

namespace twinzone::dns {

inline constexpr std::size_t kMinRecordBytes = 11;  // root owner, type, class, TTL, RDLENGTH

// Allocates only where rdata has to be uncompressed, and keeps that memory from record to record.
// Not thread-safe. Borrows the octets for its whole life.
class RecordReader {
  public:
    // Reads from the message offset `at` on. Requires: message.base <= at <= message.end().
    RecordReader(const MessageOctets& message, std::size_t at) noexcept
        : message_(message), at_(at) {}

    // The message offset of the next record.
    [[nodiscard]] std::size_t offset() const noexcept { return at_; }
    [[nodiscard]] std::size_t remaining() const noexcept { return message_.end() - at_; }

    // The next record, valid until the next call; names uncompressed. check_rdata() holds, but that
    // a record of another class than IN may have no rdata at all (UPDATE's and others' ANY and
    // NONE). Errc::message_malformed, also at the end; then nothing was read.
    [[nodiscard]] Result<RecordView> next();

    // The name at offset(), valid until the next call, and steps behind it: for a question.
    [[nodiscard]] Result<NameView> next_name();

    // Network-order 16 bits at offset(), and steps behind them. Requires: two octets are left.
    [[nodiscard]] std::uint16_t next_u16() noexcept;

  private:
    [[nodiscard]] Result<ByteView> read_rdata(RrType type, RrClass rr_class, std::size_t at,
                                              std::size_t end);

    MessageOctets message_;
    std::size_t at_;
    NameScratch owner_{};
    NameScratch name_{};
    Bytes rdata_;
};

}  // namespace twinzone::dns
