// A page: a run of consecutive records of one zone version, kept as a DNS message that is ready to
// send. A zone transfer copies pages to the socket with the query's ID put over the first two
// octets; nothing is encoded then.
//
// Format
//   header    12 octets: ID 0, flags 0x8400 (QR, AA), QDCOUNT 0, ANCOUNT n >= 1, NSCOUNT 0, ARCOUNT
//   0 records   n records in canonical order (record_list.h), each
//               owner      compressed (RFC 1035 §4.1.4), case as it came in
//               type, class, TTL, RDLENGTH
//               rdata      names in it compressed for the types of RFC 1035 only (RFC 3597 §4)
//   Pointers are offsets in the page itself, so that it is whole alone. A page has at most
//   kPageBytes octets. A record that does not fit so many alone has a page to itself, of at most 12
//   + kMaxRecordWireBytes octets. A page is never empty, and the apex SOA is never in one: it
//   belongs to the Version, so that a new serial alone rewrites no page.
//
// Validity
//   A page is valid where its header is the one above, all n records lie within it, nothing is left
//   over behind them, every pointer goes to an earlier octet, names have at most 255 octets, and
//   rdata of types with a known layout (rdata_layout.h) fits it. PageReader checks just that,
//   record by record, while it reads. A table of pages is valid where keys (page_key.h) agree with
//   the first owners and the records of all pages together are in strictly ascending canonical
//   order.
//
// Damage
//   What is not valid gives Errc::store_corrupt and never a crash or a read out of bounds. There is
//   no check value in a page, because every octet of it goes out to peers: changed octets that
//   leave the page valid (in a TTL, in opaque rdata) are found by the digest of the version, which
//   a full read of all pages recomputes. Damage is never mended here: the zone is taken afresh from
//   where it came from.
#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/dns/header.h"
#include "common/dns/record.h"
#include "common/dns/record_reader.h"

namespace twinzone::zone {

// Reached by 14-bit compression pointers, and with the 16-octet header of an LMDB overflow page
// just four pages of 4 KiB.
inline constexpr std::size_t kPageBytes = 16'368;

// What a message may carry beside one record: header, a question with the longest name, and a TSIG
// record (name 255, fixed fields 10, algorithm name 26, rdata fields 16, MAC 64, other 6, rounded
// up).
inline constexpr std::size_t kQuestionRoomBytes = dns::kMaxNameBytes + 4;
inline constexpr std::size_t kTsigRoomBytes = 400;

// The largest record (uncompressed, RecordView::wire_bytes()) that a zone may have: a larger one
// could be received by nobody. Refused when it comes in, with Errc::limit.
inline constexpr std::size_t kMaxRecordWireBytes =
    dns::kMaxMessageBytes - dns::kHeaderBytes - kQuestionRoomBytes - kTsigRoomBytes;

// The header of a page, alone in `message`; and its ANCOUNT once all records stand behind it.
void write_page_header(Bytes& message);
void write_page_count(Bytes& message, std::uint32_t records);

// Reads the records of a page in order. Borrows the page for its whole life. Allocates only for
// rdata with compressed names, once. Not thread-safe; dead after an error. Every error is
// Errc::store_corrupt.
class PageReader {
  public:
    explicit PageReader(ByteView page) noexcept;

    // The next record, valid until the next call; check_rdata() holds. nullopt after the last.
    [[nodiscard]] Result<std::optional<dns::RecordView>> next();

  private:
    std::size_t page_bytes_;
    bool header_is_right_;
    std::uint32_t left_ = 0;  // records not yet read
    dns::RecordReader records_;
};

}  // namespace twinzone::zone
