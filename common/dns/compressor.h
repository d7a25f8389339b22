// Name compression for one message being written (RFC 1035 §4.1.4): remembers which name suffixes
// stand where, as long as a pointer can reach them (first 16 KiB). Case is preserved: a suffix is
// reused only where its octets are the same, case included (RFC 5936 §3.4).
#pragma once

#include <cstdint>

#include "common/base/bytes.h"
#include "common/dns/record.h"

namespace twinzone::dns {

// Not thread-safe; reused from message to message by reset(), which is O(1) for the table.
class Compressor {
  public:
    // Forgets everything. `out` of later calls starts a new message at its own offset 0.
    void reset() noexcept;

    // Appends `name` to the message `out` (whole message so far, header included), compressed where
    // possible.
    void append_name(NameView name, Bytes& out);

    // Appends a whole record; names within rdata are compressed for the types of RFC 1035 only.
    // Requires: check_rdata() holds.
    void append_record(const RecordView& record, Bytes& out);

    // After the caller cut `out` back to `size` octets: forgets suffixes at or behind it.
    void rewind(std::size_t size) noexcept;
};

}  // namespace twinzone::dns
