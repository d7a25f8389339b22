#include "common/store/resident_zones.h"

#include <limits>

namespace twinzone::store {

namespace {

constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();

bool is_small(UnixTime time) {
    return time.value() >= 0 && time.value() <= kMost;
}

bool is_small(const zone::Version& version) {
    return version.records <= kMost && version.wire_bytes <= kMost;
}

std::uint32_t small(UnixTime time) {
    return static_cast<std::uint32_t>(time.value());
}

dns::NameView name_of(ByteView zone_key) {
    return dns::NameView::unchecked(zone_key);
}

}  // namespace

void ResidentZones::set(ByteView zone_key, const ZoneRecord& record) {
    const std::uint32_t number = names_->add(name_of(zone_key));
    Packed& packed = zones_.at(number);
    drop(number, packed);
    ++size_;
    const zone::ZoneTimers& timers = record.timers;
    if (!is_small(timers.last_success) || !is_small(timers.expires) ||
        timers.promoted != UnixTime{} || (record.version && !is_small(*record.version))) {
        packed.soa = kOdd;
        odd_.insert_or_assign(number, zone::ZoneState{.zone = dns::Name{name_of(zone_key)},
                                                      .version = record.version,
                                                      .timers = timers});
        return;
    }
    packed.soa = kEmpty;
    packed.last_success = small(timers.last_success);
    packed.expires = small(timers.expires);
    if (record.version) {
        packed.digest = record.version->digest;
        packed.records = static_cast<std::uint32_t>(record.version->records);
        packed.wire_bytes = static_cast<std::uint32_t>(record.version->wire_bytes);
        packed.serial = record.version->serial();
        packed.soa = share(record.version->soa, zone_key) + kFirstSoa;
    }
}

std::uint32_t ResidentZones::share(const dns::SoaRecord& soa, ByteView zone_key) {
    SharedSoa shared{.soa = soa, .owner_is_zone = false, .zones = 1, .key = nullptr};
    shared.soa.serial = dns::Serial{0};
    shared.owner_is_zone = dns::same_bytes(soa.owner, name_of(zone_key));
    if (shared.owner_is_zone) {
        shared.soa.owner = dns::Name{};
    }
    Bytes key{static_cast<std::uint8_t>(shared.owner_is_zone ? 1 : 0)};
    ByteWriter writer{key};
    put_soa(writer, shared.soa);
    const auto [at, is_new] = soa_index_.try_emplace(std::string{as_text(key)});
    if (!is_new) {
        ++soas_[at->second].zones;
        return at->second;
    }
    if (free_soas_.empty()) {
        free_soas_.push_back(static_cast<std::uint32_t>(soas_.size()));
        soas_.emplace_back();
    }
    at->second = free_soas_.back();
    free_soas_.pop_back();
    shared.key = &at->first;
    soas_[at->second] = shared;
    return at->second;
}

// What was known of it is forgotten.
void ResidentZones::drop(std::uint32_t number, Packed& packed) {
    if (packed.soa == kUnknown) {
        return;
    }
    --size_;
    if (packed.soa == kOdd) {
        odd_.erase(number);
    } else if (packed.soa >= kFirstSoa) {
        const std::uint32_t place = packed.soa - kFirstSoa;
        if (--soas_[place].zones == 0) {
            soa_index_.erase(soa_index_.find(*soas_[place].key));
            free_soas_.push_back(place);
        }
    }
    packed = Packed{};
}

void ResidentZones::remove(ByteView zone_key) {
    if (const std::optional<std::uint32_t> number = names_->find(name_of(zone_key))) {
        drop(*number, zones_.at(*number));
    }
}

zone::ZoneState ResidentZones::unpack(std::uint32_t number, const Packed& packed) const {
    if (packed.soa == kOdd) {
        return odd_.at(number);
    }
    zone::ZoneState state;
    state.zone = dns::Name{names_->name(number)}.lowered();
    state.timers.last_success = UnixTime{packed.last_success};
    state.timers.expires = UnixTime{packed.expires};
    if (packed.soa >= kFirstSoa) {
        const SharedSoa& shared = soas_[packed.soa - kFirstSoa];
        zone::Version& version = state.version.emplace();
        version.soa = shared.soa;
        version.soa.serial = packed.serial;
        if (shared.owner_is_zone) {
            version.soa.owner = state.zone;
        }
        version.digest = packed.digest;
        version.records = packed.records;
        version.wire_bytes = packed.wire_bytes;
    }
    return state;
}

const zone::ZoneState* ResidentZones::find(dns::NameView zone) {
    const std::optional<std::uint32_t> number = names_->find(zone);
    if (!number || zones_[*number].soa == kUnknown) {
        return nullptr;
    }
    if (window_.empty()) {
        window_.resize(Store::kFindWindow);
    }
    zone::ZoneState& state = window_[next_];
    next_ = (next_ + 1) % window_.size();
    state = unpack(*number, zones_[*number]);
    return &state;
}

void ResidentZones::visit(const std::function<void(const zone::ZoneState&)>& visit) const {
    for (std::uint32_t number = 0; number < zones_.size(); ++number) {
        if (zones_[number].soa != kUnknown) {
            visit(unpack(number, zones_[number]));
        }
    }
}

}  // namespace twinzone::store
