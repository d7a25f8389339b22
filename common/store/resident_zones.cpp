#include "common/store/resident_zones.h"

#include <cstring>

namespace twinzone::store {

ResidentZones::Packed ResidentZones::pack(ByteView zone_key, ByteView record) {
    // A name has at most 255 octets, a record four names and some numbers.
    Packed packed;
    packed.octets = std::make_unique<std::uint8_t[]>(zone_key.size() + record.size());
    packed.key_bytes = static_cast<std::uint16_t>(zone_key.size());
    packed.record_bytes = static_cast<std::uint16_t>(record.size());
    std::memcpy(packed.octets.get(), zone_key.data(), zone_key.size());
    std::memcpy(packed.octets.get() + zone_key.size(), record.data(), record.size());
    return packed;
}

zone::ZoneState ResidentZones::unpack(const Packed& packed) {
    const std::optional<ZoneRecord> record = decode_zone_record(packed.record());
    TWINZONE_ASSERT(record.has_value());  // it was decoded or encoded before it came here
    zone::ZoneState state;
    state.zone = dns::Name{dns::NameView::unchecked(as_bytes(packed.key()))};
    state.version = record->version;
    state.timers = record->timers;
    return state;
}

void ResidentZones::set(ByteView zone_key, ByteView record) {
    remove(zone_key);
    Packed packed = pack(zone_key, record);
    const std::string_view key = packed.key();
    zones_.emplace(key, std::move(packed));
}

void ResidentZones::remove(ByteView zone_key) {
    zones_.erase(as_text(zone_key));
}

const zone::ZoneState* ResidentZones::find(ByteView zone_key) {
    const auto found = zones_.find(as_text(zone_key));
    if (found == zones_.end()) {
        return nullptr;
    }
    if (window_.empty()) {
        window_.resize(Store::kFindWindow);
    }
    zone::ZoneState& state = window_[next_];
    next_ = (next_ + 1) % window_.size();
    state = unpack(found->second);
    return &state;
}

void ResidentZones::visit(const std::function<void(const zone::ZoneState&)>& visit) const {
    for (const auto& zone : zones_) {
        visit(unpack(zone.second));
    }
}

}  // namespace twinzone::store
