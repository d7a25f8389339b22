// Names as small numbers, so that parts that keep something of very many zones keep it by number:
// each name is here once for all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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

    std::vector<Slot> slots_;            // a power of 2, at most three quarters in use
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

}  // namespace twinzone::dns
