#include "primary/moved_records.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/zone/digest.h"

namespace twinzone::primary {

namespace {

std::uint64_t hash_of(const zone::RecordList& list, std::size_t index) noexcept {
    return zone::Digest::of_octets(list.octets_of(index)).low();
}

// Where each record of a list stands in it, by its octets.
class Places {
  public:
    explicit Places(const zone::RecordList& list)
        : list_(list), slots_(std::bit_ceil(list.size() * 2 + 1)), taken_(list.size()) {
        for (std::size_t i = 0; i < list.size(); ++i) {
            const std::uint64_t hash = hash_of(list, i);
            std::size_t at = first_slot(hash);
            while (slots_[at].index_plus_1 != 0) {
                at = next_slot(at);
            }
            slots_[at] = {static_cast<std::uint32_t>(hash >> 32),
                          static_cast<std::uint32_t>(i + 1)};
        }
    }

    // Takes one that has the octets of `list[index]`; false where there is none left.
    bool take(const zone::RecordList& list, std::size_t index) {
        const std::uint64_t hash = hash_of(list, index);
        const ByteView octets = list.octets_of(index);
        for (std::size_t at = first_slot(hash); slots_[at].index_plus_1 != 0; at = next_slot(at)) {
            const std::size_t place = slots_[at].index_plus_1 - 1;
            if (slots_[at].tag == static_cast<std::uint32_t>(hash >> 32) && !taken_[place] &&
                std::ranges::equal(list_.octets_of(place), octets)) {
                taken_[place] = true;
                return true;
            }
        }
        return false;
    }

    [[nodiscard]] bool taken(std::size_t place) const { return taken_[place]; }

  private:
    struct Slot {
        std::uint32_t tag = 0;
        std::uint32_t index_plus_1 = 0;  // 0: free
    };

    [[nodiscard]] std::size_t first_slot(std::uint64_t hash) const noexcept {
        return hash & (slots_.size() - 1);
    }
    [[nodiscard]] std::size_t next_slot(std::size_t at) const noexcept {
        return (at + 1) & (slots_.size() - 1);
    }

    const zone::RecordList& list_;
    std::vector<Slot> slots_;  // a power of 2, at most half of them in use
    std::vector<bool> taken_;  // by place in the list
};

}  // namespace

void drop_moved(zone::RecordList& removed, zone::RecordList& added) {
    Places places{removed};
    zone::RecordList really_added;
    for (std::size_t i = 0; i < added.size(); ++i) {
        if (!places.take(added, i)) {
            really_added.append(added[i]);
        }
    }
    zone::RecordList really_removed;
    for (std::size_t i = 0; i < removed.size(); ++i) {
        if (!places.taken(i)) {
            really_removed.append(removed[i]);
        }
    }
    removed = std::move(really_removed);
    added = std::move(really_added);
}

}  // namespace twinzone::primary
