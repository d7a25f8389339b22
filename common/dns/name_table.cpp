#include "common/dns/name_table.h"

#include <algorithm>
#include <bit>

namespace twinzone::dns {

namespace {

constexpr std::size_t kFirstSlots = 64;

std::uint32_t tag_of(std::size_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

NameView NameTable::name(std::uint32_t number) const noexcept {
    const std::uint32_t place = places_[number];
    const std::uint8_t* at = blocks_[place / kBlockBytes].get() + place % kBlockBytes;
    return NameView::unchecked({at + 1, *at});
}

std::size_t NameTable::slot_of(NameView wanted, std::size_t hash) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (hash ^ (hash >> 29)) & mask;  // the low bits of FNV alone cluster
    while (slots_[at].number_plus_1 != 0 &&
           !(slots_[at].tag == tag_of(hash) && name(slots_[at].number_plus_1 - 1) == wanted)) {
        at = (at + 1) & mask;
    }
    return at;
}

std::optional<std::uint32_t> NameTable::find(NameView name) const noexcept {
    if (slots_.empty()) {
        return std::nullopt;
    }
    const Slot& slot = slots_[slot_of(name, hash(name))];
    return slot.number_plus_1 == 0 ? std::nullopt : std::optional{slot.number_plus_1 - 1};
}

std::uint32_t NameTable::add(NameView name) {
    if ((places_.size() + 1) * 8 > slots_.size() * 7) {
        rehash(std::max(slots_.size() * 2, kFirstSlots));
    }
    const std::size_t hashed = hash(name);
    Slot& slot = slots_[slot_of(name, hashed)];
    if (slot.number_plus_1 != 0) {
        return slot.number_plus_1 - 1;
    }
    const ByteView octets = name.wire();
    if (used_ + 1 + octets.size() > kBlockBytes) {
        blocks_.push_back(std::make_unique<std::uint8_t[]>(kBlockBytes));
        used_ = 0;
    }
    std::uint8_t* at = blocks_.back().get() + used_;
    *at = static_cast<std::uint8_t>(octets.size());
    std::copy(octets.begin(), octets.end(), at + 1);
    places_.push_back(static_cast<std::uint32_t>((blocks_.size() - 1) * kBlockBytes + used_));
    used_ += 1 + octets.size();
    slot = {.number_plus_1 = static_cast<std::uint32_t>(places_.size()), .tag = tag_of(hashed)};
    return slot.number_plus_1 - 1;
}

void NameTable::respell(NameView name) noexcept {
    const std::uint32_t place = places_[*find(name)];
    const ByteView octets = name.wire();
    std::copy(octets.begin(), octets.end(),
              blocks_[place / kBlockBytes].get() + place % kBlockBytes + 1);
}

void NameTable::reserve(std::size_t names) {
    places_.reserve(names);
    const std::size_t slots = std::bit_ceil(std::max(names / 7 * 8 + 8, kFirstSlots));
    if (slots > slots_.size()) {
        rehash(slots);
    }
}

void NameTable::rehash(std::size_t slots) {
    slots_.assign(slots, Slot{});
    for (std::uint32_t number = 0; number < places_.size(); ++number) {
        const std::size_t hashed = hash(name(number));
        slots_[slot_of(name(number), hashed)] = {.number_plus_1 = number + 1,
                                                 .tag = tag_of(hashed)};
    }
}

}  // namespace twinzone::dns
