// Names as small numbers, so that parts that keep something of very many zones keep it by number:
// each name is here once for all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/dns/name.h"

namespace twinzone::dns {

// Numbers count from 0 and are never given back: a name costs some forty octets for good. Not
// thread-safe.
class NameTable {
  public:
    // The name's number; given now where it has none.
    std::uint32_t add(NameView name);

    [[nodiscard]] std::optional<std::uint32_t> find(NameView name) const noexcept;

    // From now on the name is written as here. Requires: it was added.
    void respell(NameView name) noexcept;

    // As it was added first, or respelt. Stays where it is.
    [[nodiscard]] NameView name(std::uint32_t number) const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }

    // For so many names in all.
    void reserve(std::size_t names);

  private:
    struct Slot {
        std::uint32_t number_plus_1 = 0;  // 0: free
        std::uint32_t tag = 0;            // of the name's hash
    };

    // The slot of the name, or the free one where it belongs. Requires: slots_ is not empty.
    [[nodiscard]] std::size_t slot_of(NameView name, std::size_t hash) const noexcept;
    void rehash(std::size_t slots);

    static constexpr std::size_t kBlockBytes = std::size_t{1} << 16;

    std::vector<Slot> slots_;            // a power of 2, at most seven eighths in use
    std::vector<std::uint32_t> places_;  // by number: block and offset of size and octets
    std::vector<std::unique_ptr<std::uint8_t[]>> blocks_;
    std::size_t used_ = kBlockBytes;  // of the last block
};
using NameTablePtr = std::shared_ptr<NameTable>;

// What is kept by the number of a name; a value-initialised T where nothing is.
template <class T>
class ByNumber {
  public:
    [[nodiscard]] const T& operator[](std::uint32_t number) const noexcept {
        static const T kNothing{};
        return number < values_.size() ? values_[number] : kNothing;
    }
    [[nodiscard]] T& at(std::uint32_t number) {
        if (number >= values_.size()) {
            values_.resize(std::size_t{number} + 1);
        }
        return values_[number];
    }
    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }

  private:
    std::vector<T> values_;
};

// The same of what many names have in common: four octets for each, and what it is once.
template <class T>
class SharedByNumber {
  public:
    using Pointer = std::shared_ptr<const T>;

    // Null where nothing is. Good until the next set().
    [[nodiscard]] const Pointer& operator[](std::uint32_t number) const noexcept {
        return distinct_[places_[number]].what;
    }

    // What was there before is given back.
    Pointer set(std::uint32_t number, Pointer what) {
        const std::uint32_t place = what ? place_of(std::move(what)) : 0;
        const std::uint32_t before = std::exchange(places_.at(number), place);
        Pointer old = distinct_[before].what;
        if (before != 0 && --distinct_[before].names == 0) {
            index_.erase(old.get());
            distinct_[before].what.reset();
            free_.push_back(before);
        }
        return old;
    }

  private:
    struct Distinct {
        Pointer what;
        std::size_t names = 0;
    };

    // One name more is there.
    std::uint32_t place_of(Pointer what) {
        const auto [at, is_new] = index_.try_emplace(what.get(), 0);
        if (is_new) {
            if (free_.empty()) {
                free_.push_back(static_cast<std::uint32_t>(distinct_.size()));
                distinct_.emplace_back();
            }
            at->second = free_.back();
            free_.pop_back();
            distinct_[at->second].what = std::move(what);
        }
        ++distinct_[at->second].names;
        return at->second;
    }

    ByNumber<std::uint32_t> places_;              // in distinct_
    std::vector<Distinct> distinct_{Distinct{}};  // the first is nothing
    std::vector<std::uint32_t> free_;
    std::unordered_map<const T*, std::uint32_t> index_;
};

}  // namespace twinzone::dns
