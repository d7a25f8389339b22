// What the loop thread knows of every zone without reading the disk: some forty octets each,
// unpacked when asked for. What zones have in common, most of their SOA, is kept once.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/dns/name_table.h"
#include "common/store/store.h"
#include "common/store/zone_record.h"

namespace twinzone::store {

// Not thread-safe.
class ResidentZones {
  public:
    explicit ResidentZones(dns::NameTablePtr names) noexcept : names_(std::move(names)) {}

    void set(ByteView zone_key, const ZoneRecord& record);
    void remove(ByteView zone_key);
    void clear() { *this = ResidentZones{names_}; }
    void reserve(std::size_t zones) { names_->reserve(zones); }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    // Good for the next Store::kFindWindow calls.
    [[nodiscard]] const zone::ZoneState* find(dns::NameView zone);

    void visit(const std::function<void(const zone::ZoneState&)>& visit) const;

  private:
    // How a zone is kept: below kFirstSoa there is no SOA for it.
    static constexpr std::uint32_t kUnknown = 0;
    static constexpr std::uint32_t kEmpty = 1;
    static constexpr std::uint32_t kOdd = 2;
    static constexpr std::uint32_t kFirstSoa = 3;

    struct Packed {
        zone::Digest digest;
        std::uint32_t records = 0;
        std::uint32_t wire_bytes = 0;
        dns::Serial serial{0};
        std::uint32_t soa = kUnknown;  // place in soas_ plus kFirstSoa
        std::uint32_t last_success = 0;
        std::uint32_t expires = 0;
    };
    // All of a SOA but its serial; and its owner, where that is the zone's name in lower case.
    struct SharedSoa {
        dns::SoaRecord soa;
        bool owner_is_zone = false;
        std::uint32_t zones = 0;
        const std::string* key = nullptr;  // in soa_index_
    };

    [[nodiscard]] zone::ZoneState unpack(std::uint32_t number, const Packed& packed) const;
    [[nodiscard]] std::uint32_t share(const dns::SoaRecord& soa, ByteView zone_key);
    void drop(std::uint32_t number, Packed& packed);

    dns::NameTablePtr names_;
    dns::ByNumber<Packed> zones_;
    std::unordered_map<std::uint32_t, zone::ZoneState> odd_;  // what does not fit Packed
    std::vector<SharedSoa> soas_;
    std::vector<std::uint32_t> free_soas_;
    std::unordered_map<std::string, std::uint32_t> soa_index_;
    std::size_t size_ = 0;
    std::vector<zone::ZoneState> window_;  // the states last asked for
    std::size_t next_ = 0;                 // where in window_ the next one goes
};

// By zone key; few zones have one.
using ResidentHolds = std::unordered_map<std::string, zone::ZoneHold>;

// All that is known of zones at start.
struct Residents {
    ResidentZones zones;
    ResidentHolds holds;
};

}  // namespace twinzone::store
