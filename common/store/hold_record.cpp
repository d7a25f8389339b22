#include "common/store/hold_record.h"

#include <algorithm>

#include "common/store/zone_record.h"

namespace twinzone::store {

namespace {

constexpr std::uint8_t kRecordVersion = 1;
constexpr std::uint8_t kHeld = 1;
constexpr std::uint8_t kRejected = 2;
constexpr std::uint8_t kFrozen = 4;
constexpr std::uint8_t kAllFlags = kHeld | kRejected | kFrozen;
constexpr std::uint8_t kAsSteps = 0;
constexpr std::uint8_t kWhole = 1;

void put_held(ByteWriter& writer, const zone::HeldVersion& held, const HeldContent& content) {
    writer.u8(content.item.kind == SweepItem::Kind::journal ? kAsSteps : kWhole);
    writer.u32(content.item.id);
    writer.u32(content.steps);
    put_version(writer, held.version);
    writer.u32(held.base.value());
    writer.u64(content.base.high());
    writer.u64(content.base.low());
    writer.u8(static_cast<std::uint8_t>(held.reason));
    writer.u64(held.lost);
    writer.u64(held.removed);
    writer.u64(held.added);
    put_time(writer, held.since);
    const std::size_t size = std::min(held.source.size(), kMaxSourceBytes);
    writer.u16(static_cast<std::uint16_t>(size));
    writer.bytes(as_bytes(held.source).first(size));
}

bool take_held(ByteReader& reader, HoldRecord& record) {
    const std::uint8_t form = reader.u8();
    record.content.item.kind =
        form == kAsSteps ? SweepItem::Kind::journal : SweepItem::Kind::content;
    record.content.item.id = reader.u32();
    record.content.steps = reader.u32();
    const std::optional<zone::Version> version = take_version(reader);
    if (!version || form > kWhole) {
        return false;
    }
    zone::HeldVersion& held = record.hold.held.emplace();
    held.version = *version;
    held.base = dns::Serial{reader.u32()};
    const std::uint64_t high = reader.u64();
    record.content.base = zone::Digest{high, reader.u64()};
    const std::uint8_t reason = reader.u8();
    held.reason = static_cast<zone::HoldReason>(reason);
    held.lost = reader.u64();
    held.removed = reader.u64();
    held.added = reader.u64();
    held.since = take_time(reader);
    held.source = as_text(reader.bytes(reader.u16()));
    return reason == static_cast<std::uint8_t>(zone::HoldReason::deletions) ||
           reason == static_cast<std::uint8_t>(zone::HoldReason::apex_ns);
}

bool take_rejected(ByteReader& reader, HoldRecord& record) {
    const std::optional<zone::Version> version = take_version(reader);
    if (!version) {
        return false;
    }
    record.hold.rejected = zone::RejectedVersion{*version, take_time(reader)};
    return true;
}

}  // namespace

Bytes encode(const HoldRecord& record) {
    Bytes out;
    ByteWriter writer{out};
    writer.u8(kRecordVersion);
    writer.u8(static_cast<std::uint8_t>((record.hold.held ? kHeld : 0) |
                                        (record.hold.rejected ? kRejected : 0) |
                                        (record.hold.frozen_since ? kFrozen : 0)));
    if (record.hold.held) {
        put_held(writer, *record.hold.held, record.content);
    }
    if (record.hold.rejected) {
        put_version(writer, record.hold.rejected->version);
        put_time(writer, record.hold.rejected->when);
    }
    if (record.hold.frozen_since) {
        put_time(writer, *record.hold.frozen_since);
    }
    return out;
}

std::optional<HoldRecord> decode_hold_record(ByteView body) {
    ByteReader reader{body};
    const std::uint8_t version = reader.u8();
    const std::uint8_t flags = reader.u8();
    HoldRecord record;
    if (reader.failed() || version != kRecordVersion || flags > kAllFlags ||
        ((flags & kHeld) != 0 && !take_held(reader, record)) ||
        ((flags & kRejected) != 0 && !take_rejected(reader, record))) {
        return std::nullopt;
    }
    if ((flags & kFrozen) != 0) {
        record.hold.frozen_since = take_time(reader);
    }
    if (reader.failed() || reader.remaining() != 0) {
        return std::nullopt;
    }
    return record;
}

}  // namespace twinzone::store
