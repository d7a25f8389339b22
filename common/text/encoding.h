// Octets as text: base64 (RFC 4648 §4), base32 with the hex alphabet (§7), hex (§8). Decoding takes
// a run in parts, as zone files split it over tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/bytes.h"

namespace twinzone::text {

// What one part decoded to: octets written, or the first character that is wrong.
struct Decoded {
    std::size_t count = 0;
    const char* wrong = nullptr;  // nullptr: none
};

class Base64Decoder {
  public:
    // Octets that decode() may write for a part of that size.
    [[nodiscard]] static constexpr std::size_t max_bytes(std::size_t characters) noexcept {
        return characters / 4 * 3 + 3;
    }
    [[nodiscard]] Decoded decode(std::string_view part, std::uint8_t* to) noexcept;
    // True if what came is a whole: padded where it must be, and no bit is left over.
    [[nodiscard]] bool finished() const noexcept { return held_ == 0 || closed_; }

  private:
    [[nodiscard]] bool pad() noexcept;

    std::uint32_t bits_ = 0;  // of the characters held
    std::uint8_t held_ = 0;   // characters of the current group of four, padding too
    std::uint8_t padding_ = 0;
    bool closed_ = false;  // padding is complete: nothing may follow
};

class HexDecoder {
  public:
    [[nodiscard]] static constexpr std::size_t max_bytes(std::size_t characters) noexcept {
        return characters / 2 + 1;
    }
    [[nodiscard]] Decoded decode(std::string_view part, std::uint8_t* to) noexcept;
    // False after an odd number of digits.
    [[nodiscard]] bool finished() const noexcept { return !half_; }

  private:
    std::uint8_t high_ = 0;
    bool half_ = false;
};

// Without padding, either case, whole in one part. `to` has room for characters * 5 / 8 + 3 octets.
[[nodiscard]] Decoded decode_base32hex(std::string_view part, std::uint8_t* to) noexcept;

void append_base64(ByteView bytes, std::string& out);
void append_hex(ByteView bytes, std::string& out);        // capitals
void append_base32hex(ByteView bytes, std::string& out);  // lower case, without padding

}  // namespace twinzone::text
