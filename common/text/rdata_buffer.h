// Where the rdata being read is collected: a fixed run of memory, so that writing costs no
// allocation and, for small pieces, no check of room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "common/base/bytes.h"
#include "common/dns/record.h"

namespace twinzone::text {

class RdataBuffer {
  public:
    // A piece written with put() or take() has at most so many octets.
    static constexpr std::size_t kMaxPieceBytes = 512;

    RdataBuffer() : bytes_(std::make_unique_for_overwrite<std::uint8_t[]>(kCapacity)) {}

    void clear() noexcept { size_ = 0; }

    // Room for `count` octets at the end; only the first commit() ones are kept. Requires: count <=
    // kMaxPieceBytes and !too_long() before it.
    [[nodiscard]] std::uint8_t* room() noexcept { return bytes_.get() + size_; }
    void commit(std::size_t count) noexcept { size_ += count; }

    void put_u8(std::uint8_t value) noexcept { bytes_[size_++] = value; }
    void put_u16(std::uint16_t value) noexcept {
        store_u16(room(), value);
        size_ += 2;
    }
    void put_u32(std::uint32_t value) noexcept {
        store_u32(room(), value);
        size_ += 4;
    }

    // Octets that fit before the rdata is too long.
    [[nodiscard]] std::size_t left() const noexcept {
        return too_long() ? 0 : dns::kMaxRdataBytes - size_;
    }
    [[nodiscard]] bool too_long() const noexcept { return size_ > dns::kMaxRdataBytes; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] ByteView view() const noexcept { return {bytes_.get(), size_}; }

    // Requires: at < size().
    void set(std::size_t at, std::uint8_t value) noexcept { bytes_[at] = value; }

  private:
    // A record that outgrows the largest rdata by one piece is found out at its next field.
    static constexpr std::size_t kCapacity = dns::kMaxRdataBytes + 16 * kMaxPieceBytes;

    std::unique_ptr<std::uint8_t[]> bytes_;
    std::size_t size_ = 0;
};

}  // namespace twinzone::text
