#include "common/zone/digest.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#define XXH_INLINE_ALL  // records are short: a call costs as much as the hash
#include <xxhash.h>

namespace twinzone::zone {

namespace {

constexpr std::size_t kFixedBytes = 10;  // type, class, TTL, RDLENGTH
constexpr std::size_t kFrontBytes = dns::kMaxNameBytes + kFixedBytes;
constexpr std::size_t kShortRdataBytes = 512;  // hashed in one piece on the stack

std::uint8_t* write_front(const dns::RecordView& record, std::uint8_t* to) noexcept {
    const ByteView owner = record.owner.wire();
    to = std::transform(owner.begin(), owner.end(), to, dns::lower);  // lengths are below 'A'
    store_u16(to, value(record.type));
    store_u16(to + 2, value(record.rr_class));
    store_u32(to + 4, record.ttl.value());
    store_u16(to + 8, static_cast<std::uint16_t>(record.rdata.size()));
    return to + kFixedBytes;
}

XXH128_hash_t hash_long(ByteView front, ByteView rdata) noexcept {
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, front.data(), front.size());
    XXH3_128bits_update(&state, rdata.data(), rdata.size());
    return XXH3_128bits_digest(&state);
}

XXH128_hash_t hash(const dns::RecordView& record) noexcept {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): written before it is read
    std::array<std::uint8_t, kFrontBytes + kShortRdataBytes> wire;
    std::uint8_t* end = write_front(record, wire.data());
    if (record.rdata.size() > kShortRdataBytes) {
        return hash_long({wire.data(), end}, record.rdata);
    }
    end = std::copy(record.rdata.begin(), record.rdata.end(), end);
    return XXH3_128bits(wire.data(), static_cast<std::size_t>(end - wire.data()));
}

std::optional<std::uint64_t> from_hex(std::string_view text) noexcept {
    std::uint64_t value = 0;
    for (const char c : text) {
        const bool digit = c >= '0' && c <= '9';
        if (!digit && (c < 'a' || c > 'f')) {
            return std::nullopt;
        }
        value = (value << 4) | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
    }
    return value;
}

}  // namespace

Digest Digest::of_octets(ByteView octets) noexcept {
    const XXH128_hash_t sum = XXH3_128bits(octets.data(), octets.size());
    return {sum.high64, sum.low64};
}

void Digest::add(const Digest& other) noexcept {
    low_ += other.low_;
    const std::uint64_t carry = low_ < other.low_ ? 1 : 0;
    high_ += other.high_ + carry;
}

void Digest::add(const dns::RecordView& record) noexcept {
    const XXH128_hash_t addend = hash(record);
    add(Digest{addend.high64, addend.low64});
}

void Digest::remove(const dns::RecordView& record) noexcept {
    const XXH128_hash_t subtrahend = hash(record);
    const std::uint64_t borrow = low_ < subtrahend.low64 ? 1 : 0;
    low_ -= subtrahend.low64;
    high_ -= subtrahend.high64 + borrow;
}

std::string Digest::to_text() const {
    return fmt::format("{:016x}{:016x}", high_, low_);
}

std::optional<Digest> Digest::from_text(std::string_view text) noexcept {
    if (text.size() != 32) {
        return std::nullopt;
    }
    const std::optional<std::uint64_t> high = from_hex(text.substr(0, 16));
    const std::optional<std::uint64_t> low = from_hex(text.substr(16));
    if (!high || !low) {
        return std::nullopt;
    }
    return Digest{*high, *low};
}

}  // namespace twinzone::zone
