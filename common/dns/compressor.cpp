#include "common/dns/compressor.h"

#include <cstring>

#include "common/dns/rdata_layout.h"

namespace twinzone::dns {

namespace {

constexpr std::uint16_t kPointer = 0xc000;

// The suffixes of a name, the longest first, without the root: where each starts and its hash.
// Arrays are left uncleared: clearing them cost half the time of a name.
struct Suffixes {  // NOLINT(cppcoreguidelines-pro-type-member-init)
    std::array<std::uint8_t, kMaxLabels> at;
    std::array<std::uint32_t, kMaxLabels> hash;
    std::size_t count = 0;
};

std::uint64_t mix(std::uint64_t state, std::uint64_t octets) noexcept {
    state = (state ^ octets) * 0x9e3779b97f4a7c15U;
    return state ^ (state >> 32);
}

// Hashes labels from the root upward, so that each suffix costs its own label only. Eight octets
// at a time: the name lies in a buffer long enough to read beyond its end.
Suffixes suffixes_of(NameView name) noexcept {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
    std::array<std::uint8_t, kMaxNameBytes + sizeof(std::uint64_t)> wire;
    std::memcpy(wire.data(), name.wire().data(), name.size());
    std::memset(wire.data() + name.size(), 0, sizeof(std::uint64_t));
    Suffixes suffixes;
    for (std::size_t at = 0; wire[at] != 0; at += std::size_t{1} + wire[at]) {
        suffixes.at[suffixes.count++] = static_cast<std::uint8_t>(at);
    }
    std::uint64_t state = 0;
    for (std::size_t i = suffixes.count; i-- > 0;) {
        const std::uint8_t* label = wire.data() + suffixes.at[i];
        std::size_t left = std::size_t{1} + *label;  // the length octet is hashed, too
        for (; left > sizeof(std::uint64_t); left -= sizeof(std::uint64_t)) {
            state = mix(state, load_u64(label));
            label += sizeof(std::uint64_t);
        }
        state = mix(state, load_u64(label) >> (64 - 8 * left));
        suffixes.hash[i] = static_cast<std::uint32_t>(state);
    }
    return suffixes;
}

// True where the name at offset `at` of `message` has the octets of `name`. Both are ours and well
// formed, so that pointers end.
bool same_name(const Bytes& message, std::size_t at, const std::uint8_t* name) noexcept {
    for (;;) {
        const std::uint8_t* label = message.data() + at;
        if (*label >= kPointer >> 8) {
            at = load_u16(label) & kMaxPointerTarget;
            continue;
        }
        const std::size_t size = std::size_t{1} + *label;
        if (*label != *name || std::memcmp(label, name, size) != 0) {
            return false;
        }
        if (*label == 0) {
            return true;
        }
        at += size;
        name += size;
    }
}

void append(ByteView from, Bytes& to) {
    to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

void Compressor::reset() noexcept {
    filled_count_ = 0;
    if (++generation_ == 0) {
        slots_.fill({});
        generation_ = 1;
    }
}

void Compressor::append_name(NameView name, Bytes& out) {
    const std::uint8_t* wire = name.wire().data();
    const Suffixes suffixes = suffixes_of(name);
    const std::size_t start = out.size();
    // The longest suffix that stands already; those before it are new.
    std::size_t known = 0;
    std::size_t target = 0;
    for (; known < suffixes.count; ++known) {
        const std::size_t slot = slot_of(suffixes.hash[known], wire + suffixes.at[known], out);
        if (occupied(slots_[slot])) {
            target = slots_[slot].offset;
            break;
        }
    }
    const bool found = known < suffixes.count;
    append(found ? name.wire().first(suffixes.at[known]) : name.wire(), out);
    if (found) {
        ByteWriter{out}.u16(static_cast<std::uint16_t>(kPointer | target));
    }
    for (std::size_t i = 0; i < known; ++i) {
        remember(suffixes.hash[i], start + suffixes.at[i]);
    }
}

void Compressor::append_record(const RecordView& record, Bytes& out) {
    append_name(record.owner, out);
    std::array<std::uint8_t, 10> fixed{};
    store_u16(fixed.data(), value(record.type));
    store_u16(fixed.data() + 2, value(record.rr_class));
    store_u32(fixed.data() + 4, record.ttl.value());
    store_u16(fixed.data() + 8, static_cast<std::uint16_t>(record.rdata.size()));
    append(fixed, out);
    const std::size_t rdata_at = out.size();
    const RdataLayout& layout = rdata_layout(record.type);
    if (!layout.compress || record.rdata.empty()) {
        append(record.rdata, out);
        return;
    }
    // Layouts with compression have names and octets only (RFC 1035 §3.3).
    ByteView rest = record.rdata;
    for (const RdataField& field : layout.fields) {
        if (field.kind != RdataFieldKind::name) {
            append(rest.first(field.count), out);
            rest = rest.subspan(field.count);
            continue;
        }
        const NameView name = *NameView::parse(rest);
        append_name(name, out);
        rest = rest.subspan(name.size());
    }
    store_u16(out.data() + rdata_at - 2, static_cast<std::uint16_t>(out.size() - rdata_at));
}

void Compressor::rewind(std::size_t size) noexcept {
    // Suffixes were remembered front to back, and the table is emptied in the reverse order, so
    // that no probe sequence is broken.
    while (filled_count_ > 0 && slots_[filled_[filled_count_ - 1]].offset >= size) {
        slots_[filled_[--filled_count_]].generation = 0;
    }
}

std::size_t Compressor::slot_of(std::uint32_t hash, const std::uint8_t* name,
                                const Bytes& out) const noexcept {
    std::size_t slot = hash % kSlots;
    while (occupied(slots_[slot]) && !same_name(out, slots_[slot].offset, name)) {
        slot = (slot + 1) % kSlots;
    }
    return slot;
}

// Takes the first empty slot from the hash's own on.
void Compressor::remember(std::uint32_t hash, std::size_t offset) noexcept {
    if (offset > kMaxPointerTarget || filled_count_ == kMaxSuffixes) {
        return;
    }
    std::size_t slot = hash % kSlots;
    while (occupied(slots_[slot])) {
        slot = (slot + 1) % kSlots;
    }
    slots_[slot] = {generation_, static_cast<std::uint16_t>(offset)};
    filled_[filled_count_++] = static_cast<std::uint16_t>(slot);
}

}  // namespace twinzone::dns
