#include "common/dns/record_reader.h"

#include <fmt/format.h>

#include "common/dns/rdata_layout.h"

namespace twinzone::dns {

namespace {

constexpr std::size_t kFixedBytes = 10;  // type, class, TTL, RDLENGTH

Failure misfit(RrType type, ByteView rdata) {
    return fail(Errc::message_malformed,
                fmt::format("rdata of {} octets is no {}", rdata.size(), to_text(type)));
}

void append(ByteView from, Bytes& to) {
    to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

Result<RecordView> RecordReader::next() {
    Result<ReadName> owner = read_name(message_, at_, message_.end(), owner_);
    if (!owner) {
        return fail(std::move(owner).error());
    }
    if (message_.end() - owner->end < kFixedBytes) {
        return fail(Errc::message_malformed, fmt::format("a record is cut off at offset {}", at_));
    }
    const std::uint8_t* fixed = message_.from(owner->end);
    const std::size_t rdata_at = owner->end + kFixedBytes;
    const std::size_t rdata_bytes = load_u16(fixed + 8);
    if (message_.end() - rdata_at < rdata_bytes) {
        return fail(Errc::message_malformed,
                    fmt::format("RDLENGTH {} at offset {} goes beyond the message", rdata_bytes,
                                rdata_at - 2));
    }
    RecordView record;
    record.owner = owner->name;
    record.type = static_cast<RrType>(load_u16(fixed));
    record.rr_class = static_cast<RrClass>(load_u16(fixed + 2));
    record.ttl = Ttl{load_u32(fixed + 4)};
    Result<ByteView> rdata =
        read_rdata(record.type, record.rr_class, rdata_at, rdata_at + rdata_bytes);
    if (!rdata) {
        return fail(std::move(rdata).error());
    }
    record.rdata = *rdata;
    at_ = rdata_at + rdata_bytes;
    return record;
}

Result<NameView> RecordReader::next_name() {
    Result<ReadName> name = read_name(message_, at_, message_.end(), owner_);
    if (!name) {
        return fail(std::move(name).error());
    }
    at_ = name->end;
    return name->name;
}

std::uint16_t RecordReader::next_u16() noexcept {
    TWINZONE_ASSERT(message_.end() - at_ >= 2);
    at_ += 2;
    return load_u16(message_.from(at_ - 2));
}

// Follows the layout field by field; nothing is copied until the first compressed name.
Result<ByteView> RecordReader::read_rdata(RrType type, RrClass rr_class, std::size_t at,
                                          std::size_t end) {
    const ByteView raw = message_.run(at, end);
    const RdataLayout& layout = rdata_layout(type);
    if (layout.opaque() || (raw.empty() && rr_class != RrClass::in)) {
        return raw;
    }
    std::size_t copied = at;  // octets before this one are in rdata_, if any name was compressed
    bool compressed = false;
    rdata_.clear();
    for (const RdataField& field : layout.fields) {
        std::size_t size = 0;
        switch (field.kind) {
            case RdataFieldKind::octets: size = field.count; break;
            case RdataFieldKind::string:
                size = at == end ? 1 : std::size_t{1} + *message_.from(at);
                break;
            case RdataFieldKind::rest: size = end - at; break;
            case RdataFieldKind::name: {
                const Result<ReadName> name = read_name(message_, at, end, name_);
                if (!name) {
                    return fail(name.error());
                }
                size = name->end - at;
                if (!name->compressed) {
                    break;
                }
                if (!layout.decompress) {  // RFC 3597 §4
                    return fail(Errc::message_malformed,
                                fmt::format("a compressed name in {}", to_text(type)));
                }
                append(message_.run(copied, at), rdata_);
                append(name->name.wire(), rdata_);
                copied = at + size;
                compressed = true;
                break;
            }
        }
        if (size > end - at) {
            return misfit(type, raw);
        }
        at += size;
    }
    if (at != end) {
        return misfit(type, raw);
    }
    if (!compressed) {
        return raw;
    }
    append(message_.run(copied, end), rdata_);
    if (rdata_.size() > kMaxRdataBytes) {
        return misfit(type, raw);
    }
    return ByteView{rdata_};
}

}  // namespace twinzone::dns
