#include "common/zone/sort_key.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace twinzone::zone {

namespace {

// 0x00 and 0x01 are written as two octets, 0x01 and one more than themselves.
constexpr std::uint8_t kEscape = 0x01;
constexpr std::uint8_t kLabelEnd = 0x00;

std::uint8_t* write_label(const std::uint8_t* label, std::uint8_t* to) noexcept {
    for (std::size_t i = 1; i <= label[0]; ++i) {
        const std::uint8_t octet = dns::lower(label[i]);
        if (octet <= kEscape) [[unlikely]] {
            *to++ = kEscape;
            *to++ = static_cast<std::uint8_t>(octet + 1);
        } else {
            *to++ = octet;
        }
    }
    *to++ = kLabelEnd;
    return to;
}

}  // namespace

void append_sort_key(dns::NameView owner, Bytes& out) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): written before it is read
    std::array<std::uint8_t, dns::kMaxLabels> label_at;
    std::size_t labels = 0;
    const std::uint8_t* wire = owner.wire().data();
    for (std::size_t at = 0; wire[at] != 0; at += std::size_t{1} + wire[at]) {
        label_at[labels++] = static_cast<std::uint8_t>(at);
    }
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): written before it is read
    std::array<std::uint8_t, kMaxSortKeyBytes> key;
    std::uint8_t* end = key.data();
    while (labels > 0) {
        end = write_label(wire + label_at[--labels], end);
    }
    out.insert(out.end(), key.data(), end);
}

Bytes sort_key(dns::NameView owner) {
    Bytes key;
    append_sort_key(owner, key);
    return key;
}

int compare_keys(ByteView a, ByteView b) noexcept {
    const std::size_t common = std::min(a.size(), b.size());
    const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
    if (order != 0) {
        return order;
    }
    return a.size() < b.size() ? -1 : static_cast<int>(a.size() > b.size());
}

}  // namespace twinzone::zone
