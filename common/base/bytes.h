// Byte sequences, and a bounded reader and writer of network-order (big-endian) integers over them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/base/assert.h"

namespace twinzone {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// The bytes of a text, borrowed.
[[nodiscard]] inline ByteView as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The text of bytes, borrowed.
[[nodiscard]] inline std::string_view as_text(ByteView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline std::uint16_t load_u16(const std::uint8_t* at) noexcept {
    return static_cast<std::uint16_t>((at[0] << 8) | at[1]);
}
[[nodiscard]] inline std::uint32_t load_u32(const std::uint8_t* at) noexcept {
    return (std::uint32_t{load_u16(at)} << 16) | load_u16(at + 2);
}
[[nodiscard]] inline std::uint64_t load_u64(const std::uint8_t* at) noexcept {
    return (std::uint64_t{load_u32(at)} << 32) | load_u32(at + 4);
}
inline void store_u16(std::uint8_t* at, std::uint16_t value) noexcept {
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value);
}
inline void store_u32(std::uint8_t* at, std::uint32_t value) noexcept {
    store_u16(at, static_cast<std::uint16_t>(value >> 16));
    store_u16(at + 2, static_cast<std::uint16_t>(value));
}
inline void store_u64(std::uint8_t* at, std::uint64_t value) noexcept {
    store_u32(at, static_cast<std::uint32_t>(value >> 32));
    store_u32(at + 4, static_cast<std::uint32_t>(value));
}

// Reads integers and runs of bytes from borrowed bytes, front to back. After the first read beyond
// the end it is failed(): every later read gives zero or an empty run, so that a caller checks
// once, after a group of reads.
class ByteReader {
  public:
    explicit ByteReader(ByteView bytes) noexcept : bytes_(bytes) {}

    [[nodiscard]] std::uint8_t u8() noexcept { return need(1) ? bytes_[at_++] : std::uint8_t{0}; }
    [[nodiscard]] std::uint16_t u16() noexcept {
        return need(2) ? load_u16(take(2)) : std::uint16_t{0};
    }
    [[nodiscard]] std::uint32_t u32() noexcept { return need(4) ? load_u32(take(4)) : 0; }
    [[nodiscard]] std::uint64_t u64() noexcept { return need(8) ? load_u64(take(8)) : 0; }
    [[nodiscard]] ByteView bytes(std::size_t count) noexcept {
        return need(count) ? ByteView{take(count), count} : ByteView{};
    }
    [[nodiscard]] ByteView rest() noexcept { return bytes(remaining()); }

    [[nodiscard]] std::size_t offset() const noexcept { return at_; }
    [[nodiscard]] std::size_t remaining() const noexcept {
        return failed_ ? 0 : bytes_.size() - at_;
    }
    [[nodiscard]] bool failed() const noexcept { return failed_; }

  private:
    bool need(std::size_t count) noexcept {
        failed_ = failed_ || count > bytes_.size() - at_;
        return !failed_;
    }
    const std::uint8_t* take(std::size_t count) noexcept {
        const std::uint8_t* from = bytes_.data() + at_;
        at_ += count;
        return from;
    }

    ByteView bytes_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

// Appends network-order integers and bytes to a vector it borrows; the vector outlives the writer.
class ByteWriter {
  public:
    explicit ByteWriter(Bytes& out) noexcept : out_(out) {}

    void u8(std::uint8_t value) { out_.push_back(value); }
    void u16(std::uint16_t value) { append(value, store_u16); }
    void u32(std::uint32_t value) { append(value, store_u32); }
    void u48(std::uint64_t value) {
        u16(static_cast<std::uint16_t>(value >> 32));
        u32(static_cast<std::uint32_t>(value));
    }
    void u64(std::uint64_t value) { append(value, store_u64); }
    void bytes(ByteView from) { out_.insert(out_.end(), from.begin(), from.end()); }

    [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }

  private:
    template <class Number>
    void append(Number value, void (*store)(std::uint8_t*, Number)) {
        std::array<std::uint8_t, sizeof(Number)> octets{};
        store(octets.data(), value);
        for (const std::uint8_t octet : octets) {  // GCC 12 warns of a range insert here, wrongly
            out_.push_back(octet);
        }
    }

    Bytes& out_;
};

}  // namespace twinzone
