// A resource record (RFC 1035 §4.1.3) outside a message: names uncompressed, rdata in wire form,
// everything else as it came in. RecordView borrows; Record owns.
#pragma once

#include "common/base/bytes.h"
#include "common/dns/name.h"
#include "common/dns/rr_type.h"
#include "common/dns/ttl.h"

namespace twinzone::dns {

inline constexpr std::size_t kMaxRdataBytes = 65535;

// Valid as long as what it borrows; each producer says how long that is. Names within rdata are
// uncompressed.
struct RecordView {
    NameView owner;
    RrType type{};
    RrClass rr_class = RrClass::in;
    Ttl ttl;
    ByteView rdata;

    // Octets of the record in a message without compression.
    [[nodiscard]] std::size_t wire_bytes() const noexcept {
        return owner.size() + 10 + rdata.size();
    }
};

struct Record {
    Name owner;
    RrType type{};
    RrClass rr_class = RrClass::in;
    Ttl ttl;
    Bytes rdata;

    Record() = default;
    explicit Record(const RecordView& view)
        : owner(view.owner),
          type(view.type),
          rr_class(view.rr_class),
          ttl(view.ttl),
          rdata(view.rdata.begin(), view.rdata.end()) {}

    [[nodiscard]] RecordView view() const noexcept { return {owner, type, rr_class, ttl, rdata}; }
};

}  // namespace twinzone::dns
