#include "common/dns/soa.h"

#include "common/dns/rdata_layout.h"

namespace twinzone::dns {

Result<SoaRecord> SoaRecord::parse(const RecordView& record) {
    TWINZONE_ASSERT(record.type == RrType::soa);
    if (Result<void> checked = check_rdata(RrType::soa, record.rdata); !checked) {
        return fail(std::move(checked).error());
    }
    const NameView mname = *NameView::parse(record.rdata);
    const NameView rname = *NameView::parse(record.rdata.subspan(mname.size()));
    ByteReader numbers{record.rdata.subspan(mname.size() + rname.size())};
    SoaRecord soa;
    soa.owner = Name{record.owner};
    soa.ttl = record.ttl;
    soa.mname = Name{mname};
    soa.rname = Name{rname};
    soa.serial = Serial{numbers.u32()};
    soa.refresh = seconds{numbers.u32()};
    soa.retry = seconds{numbers.u32()};
    soa.expire = seconds{numbers.u32()};
    soa.minimum = numbers.u32();
    return soa;
}

Bytes SoaRecord::rdata() const {
    Bytes out;
    out.reserve(mname.view().size() + rname.view().size() + 20);
    ByteWriter writer{out};
    writer.bytes(mname.view().wire());
    writer.bytes(rname.view().wire());
    writer.u32(serial.value());
    writer.u32(static_cast<std::uint32_t>(refresh.count()));
    writer.u32(static_cast<std::uint32_t>(retry.count()));
    writer.u32(static_cast<std::uint32_t>(expire.count()));
    writer.u32(minimum);
    return out;
}

Record SoaRecord::record() const {
    Record out;
    out.owner = owner;
    out.type = RrType::soa;
    out.ttl = ttl;
    out.rdata = rdata();
    return out;
}

bool same_rdata(const SoaRecord& a, const SoaRecord& b) noexcept {
    return a.mname == b.mname && a.rname == b.rname && a.serial == b.serial &&
           a.refresh == b.refresh && a.retry == b.retry && a.expire == b.expire &&
           a.minimum == b.minimum;
}

}  // namespace twinzone::dns
