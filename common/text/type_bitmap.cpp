#include "common/text/type_bitmap.h"

#include <algorithm>
#include <cstring>

#include "common/text/type_text.h"

namespace twinzone::text {

void TypeBitmap::clear() noexcept {
    for (std::size_t i = first_; i <= last_; ++i) {
        windows_[i] = Window{};
    }
    first_ = 256;
    last_ = 0;
}

void TypeBitmap::add(dns::RrType type) noexcept {
    const auto high = static_cast<std::uint16_t>(dns::value(type) >> 8);
    const auto low = static_cast<std::uint8_t>(dns::value(type));
    Window& window = windows_[high];
    window.bits[low / 8] = static_cast<std::uint8_t>(window.bits[low / 8] | (0x80U >> (low % 8)));
    window.used = std::max<std::uint8_t>(window.used, static_cast<std::uint8_t>(low / 8 + 1));
    first_ = std::min(first_, high);
    last_ = std::max(last_, high);
}

std::size_t TypeBitmap::write(std::uint8_t* to) const noexcept {
    std::uint8_t* at = to;
    for (std::size_t i = first_; i <= last_; ++i) {
        const Window& window = windows_[i];
        if (window.used > 0) {
            *at++ = static_cast<std::uint8_t>(i);
            *at++ = window.used;
            std::memcpy(at, window.bits.data(), window.used);
            at += window.used;
        }
    }
    return static_cast<std::size_t>(at - to);
}

bool append_type_bitmap(ByteView wire, std::string& out) {
    int previous = -1;
    while (!wire.empty()) {
        if (wire.size() < 3 || wire[0] <= previous || wire[1] == 0 || wire[1] > 32 ||
            wire.size() < std::size_t{2} + wire[1] || wire[1U + wire[1]] == 0) {
            return false;
        }
        previous = wire[0];
        for (std::size_t bit = 0; bit < std::size_t{wire[1]} * 8; ++bit) {
            if ((wire[2 + bit / 8] & (0x80U >> (bit % 8))) != 0) {
                const auto number = static_cast<std::uint16_t>((std::size_t{wire[0]} << 8) | bit);
                if (number == 0) {
                    return false;  // type 0 is reserved; no server takes it as text
                }
                out.push_back(' ');
                append_type_text(dns::RrType{number}, out);
            }
        }
        wire = wire.subspan(std::size_t{2} + wire[1]);
    }
    return true;
}

}  // namespace twinzone::text
