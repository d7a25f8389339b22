#include "common/store/keys.h"

#include <algorithm>
#include <cstring>

#include <xxhash.h>

namespace twinzone::store {

namespace {

constexpr std::string_view kStoreKey = "store";
constexpr std::string_view kSweepPrefix = "sweep";

std::uint64_t sum_of(ByteView key, ByteView body) noexcept {
    return XXH3_64bits_withSeed(body.data(), body.size(), XXH3_64bits(key.data(), key.size()));
}

}  // namespace

Bytes store_key() {
    return {kStoreKey.begin(), kStoreKey.end()};
}

Bytes sweep_key(SweepItem item) {
    Bytes key{kSweepPrefix.begin(), kSweepPrefix.end()};
    ByteWriter writer{key};
    writer.u8(static_cast<std::uint8_t>(item.kind));
    writer.u32(item.id);
    return key;
}

std::optional<SweepItem> sweep_item(ByteView key) noexcept {
    if (!starts_with(key, as_bytes(kSweepPrefix))) {
        return std::nullopt;
    }
    ByteReader reader{key.subspan(kSweepPrefix.size())};
    const std::uint8_t kind = reader.u8();
    const std::uint32_t id = reader.u32();
    if (reader.failed() || reader.remaining() != 0 || kind > 1) {
        return std::nullopt;
    }
    return SweepItem{static_cast<SweepItem::Kind>(kind), id};
}

Bytes zone_key(dns::NameView zone) {
    const ByteView wire = zone.wire();
    Bytes key(wire.size());
    // Length octets are at most 63: lowering leaves them alone.
    std::transform(wire.begin(), wire.end(), key.begin(), dns::lower);
    return key;
}

Bytes owed_key(ByteView zone_key, std::string_view remote) {
    // No wire name is a prefix of another: the root's label ends it.
    Bytes key{zone_key.begin(), zone_key.end()};
    key.insert(key.end(), remote.begin(), remote.end());
    return key;
}

Bytes id_prefix(std::uint32_t id) {
    Bytes key;
    ByteWriter{key}.u32(id);
    return key;
}

Bytes content_key(std::uint32_t content, ByteView page_key) {
    Bytes key;
    key.reserve(4 + page_key.size());
    ByteWriter writer{key};
    writer.u32(content);
    writer.bytes(page_key);
    return key;
}

Bytes step_key(std::uint32_t journal, std::uint64_t sequence, std::uint32_t part) {
    Bytes key = step_prefix(journal, sequence);
    ByteWriter{key}.u32(part);
    return key;
}

Bytes step_prefix(std::uint32_t journal, std::uint64_t sequence) {
    Bytes key;
    ByteWriter writer{key};
    writer.u32(journal);
    writer.u64(sequence);
    return key;
}

bool starts_with(ByteView key, ByteView prefix) noexcept {
    return key.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), key.begin());
}

std::optional<ByteView> without_sum(ByteView key, ByteView value) noexcept {
    if (value.size() < kSumBytes) {
        return std::nullopt;
    }
    const ByteView body = value.first(value.size() - kSumBytes);
    if (load_u64(body.data() + body.size()) != sum_of(key, body)) {
        return std::nullopt;
    }
    return body;
}

Result<void> put_with_sum(WriteTransaction& txn, Table table, ByteView key, ByteView body,
                          bool at_end) {
    Result<std::uint8_t*> room = txn.reserve(table, key, body.size() + kSumBytes, at_end);
    if (!room) {
        return fail(std::move(room).error());
    }
    std::memcpy(*room, body.data(), body.size());
    store_u64(*room + body.size(), sum_of(key, body));
    return {};
}

}  // namespace twinzone::store
