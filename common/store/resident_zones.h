// What the loop thread knows of every zone without reading the disk: zone records in the form they
// are stored in, some 200 octets each, unpacked when asked for.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/store/store.h"
#include "common/store/zone_record.h"

namespace twinzone::store {

// Not thread-safe.
class ResidentZones {
  public:
    // `record`: an encoded ZoneRecord (without its sum).
    void set(ByteView zone_key, ByteView record);
    void remove(ByteView zone_key);
    void reserve(std::size_t zones) { zones_.reserve(zones); }

    [[nodiscard]] std::size_t size() const noexcept { return zones_.size(); }

    // Good for the next Store::kFindWindow calls.
    [[nodiscard]] const zone::ZoneState* find(ByteView zone_key);

    void visit(const std::function<void(const zone::ZoneState&)>& visit) const;

  private:
    // Key and record of a zone, back to back: one allocation.
    struct Packed {
        std::unique_ptr<std::uint8_t[]> octets;
        std::uint16_t key_bytes = 0;
        std::uint16_t record_bytes = 0;

        [[nodiscard]] std::string_view key() const noexcept {
            return as_text({octets.get(), key_bytes});
        }
        [[nodiscard]] ByteView record() const noexcept {
            return {octets.get() + key_bytes, record_bytes};
        }
    };

    static Packed pack(ByteView zone_key, ByteView record);
    static zone::ZoneState unpack(const Packed& packed);

    std::unordered_map<std::string_view, Packed> zones_;  // keys are views of Packed::octets
    std::vector<zone::ZoneState> window_;                 // the states last asked for
    std::size_t next_ = 0;                                // where in window_ the next one goes
};

// By zone key; few zones have one.
using ResidentHolds = std::unordered_map<std::string, zone::ZoneHold>;

// All that is known of zones at start.
struct Residents {
    ResidentZones zones;
    ResidentHolds holds;
};

}  // namespace twinzone::store
