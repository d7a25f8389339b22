#include "common/store/zone_record.h"

#include <algorithm>

namespace twinzone::store {

namespace {

constexpr std::uint8_t kRecordVersion = 1;
constexpr std::uint8_t kHasVersion = 1;
constexpr std::uint8_t kIsPromoted = 2;
constexpr std::uint8_t kHasSource = 4;
constexpr std::uint8_t kAllFlags = kHasVersion | kIsPromoted | kHasSource;

void put_seconds(ByteWriter& writer, seconds value) {
    writer.u32(static_cast<std::uint32_t>(value.count()));
}

std::optional<dns::Name> take_name(ByteReader& reader) {
    ByteReader ahead = reader;
    const Result<dns::NameView> name = dns::NameView::parse(ahead.rest());
    if (!name) {
        return std::nullopt;
    }
    return dns::Name{dns::NameView::unchecked(reader.bytes(name->size()))};
}

}  // namespace

void put_time(ByteWriter& writer, UnixTime time) {
    writer.u64(static_cast<std::uint64_t>(time.value()));
}

UnixTime take_time(ByteReader& reader) {
    return UnixTime{static_cast<std::int64_t>(reader.u64())};
}

void put_soa(ByteWriter& writer, const dns::SoaRecord& soa) {
    writer.bytes(soa.owner.view().wire());
    writer.bytes(soa.mname.view().wire());
    writer.bytes(soa.rname.view().wire());
    writer.u32(soa.ttl.value());
    writer.u32(soa.serial.value());
    put_seconds(writer, soa.refresh);
    put_seconds(writer, soa.retry);
    put_seconds(writer, soa.expire);
    writer.u32(soa.minimum);
}

std::optional<dns::SoaRecord> take_soa(ByteReader& reader) {
    dns::SoaRecord soa;
    for (dns::Name* name : {&soa.owner, &soa.mname, &soa.rname}) {
        const std::optional<dns::Name> taken = take_name(reader);
        if (!taken) {
            return std::nullopt;
        }
        *name = *taken;
    }
    soa.ttl = dns::Ttl{reader.u32()};
    soa.serial = dns::Serial{reader.u32()};
    soa.refresh = seconds{reader.u32()};
    soa.retry = seconds{reader.u32()};
    soa.expire = seconds{reader.u32()};
    soa.minimum = reader.u32();
    return reader.failed() ? std::nullopt : std::optional{soa};
}

void put_version(ByteWriter& writer, const zone::Version& version) {
    put_soa(writer, version.soa);
    writer.u64(version.digest.high());
    writer.u64(version.digest.low());
    writer.u64(version.records);
    writer.u64(version.wire_bytes);
}

std::optional<zone::Version> take_version(ByteReader& reader) {
    const std::optional<dns::SoaRecord> soa = take_soa(reader);
    if (!soa) {
        return std::nullopt;
    }
    zone::Version version;
    version.soa = *soa;
    const std::uint64_t high = reader.u64();
    version.digest = zone::Digest{high, reader.u64()};
    version.records = reader.u64();
    version.wire_bytes = reader.u64();
    return reader.failed() ? std::nullopt : std::optional{version};
}

Bytes encode(const ZoneRecord& record) {
    Bytes out;
    ByteWriter writer{out};
    writer.u8(kRecordVersion);
    const bool promoted = record.timers.promoted != UnixTime{};
    writer.u8(static_cast<std::uint8_t>((record.version ? kHasVersion : 0) |
                                        (promoted ? kIsPromoted : 0) |
                                        (record.source.empty() ? 0 : kHasSource)));
    writer.u32(record.content);
    writer.u32(record.journal);
    writer.u64(record.first_step);
    writer.u64(record.next_step);
    writer.u64(record.journal_bytes);
    put_time(writer, record.timers.last_success);
    put_time(writer, record.timers.expires);
    if (promoted) {
        put_time(writer, record.timers.promoted);
    }
    if (!record.source.empty()) {
        const std::size_t size = std::min(record.source.size(), kMaxSourceBytes);
        writer.u16(static_cast<std::uint16_t>(size));
        writer.bytes(as_bytes(record.source).first(size));
    }
    if (record.version) {
        put_version(writer, *record.version);
    }
    return out;
}

std::optional<ZoneRecord> decode_zone_record(ByteView body) {
    ByteReader reader{body};
    const std::uint8_t version = reader.u8();
    const std::uint8_t flags = reader.u8();
    ZoneRecord record;
    record.content = reader.u32();
    record.journal = reader.u32();
    record.first_step = reader.u64();
    record.next_step = reader.u64();
    record.journal_bytes = reader.u64();
    record.timers.last_success = take_time(reader);
    record.timers.expires = take_time(reader);
    if ((flags & kIsPromoted) != 0) {
        record.timers.promoted = take_time(reader);
    }
    if ((flags & kHasSource) != 0) {
        record.source = as_text(reader.bytes(reader.u16()));
    }
    if (reader.failed() || version != kRecordVersion || flags > kAllFlags ||
        record.next_step < record.first_step) {
        return std::nullopt;
    }
    if ((flags & kHasVersion) != 0) {
        record.version = take_version(reader);
        if (!record.version) {
            return std::nullopt;
        }
    }
    if (reader.failed() || reader.remaining() != 0) {
        return std::nullopt;
    }
    return record;
}

}  // namespace twinzone::store
